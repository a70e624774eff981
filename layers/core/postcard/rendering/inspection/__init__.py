"""What an editor asks about a drawn template: geometry of layers, parts, positions of carets."""
