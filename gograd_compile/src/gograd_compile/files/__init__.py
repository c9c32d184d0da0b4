"""Programs in files and pickles. Everything that is read is checked as if it were malicious."""
