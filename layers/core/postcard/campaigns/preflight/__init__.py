"""Says before a send what will be wrong with its pictures, without drawing or storing any."""
