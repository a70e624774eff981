"""Building blocks without knowledge of pictures: lazy definitions, a cache, a sandbox, malloc."""
