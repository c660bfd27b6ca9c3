"""Acts upon many people at once: chosen one by one or by a question, done a chunk at a time, taken back."""
