"""What a store holds: told, checked, cleaned up, handed out, and traced back to recordings."""
