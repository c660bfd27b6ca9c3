"""Acts upon many people that reach into their courses and their mail."""
