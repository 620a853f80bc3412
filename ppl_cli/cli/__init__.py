"""The commands: one small file each, and the only room that prints."""
