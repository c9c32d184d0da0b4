"""Programs in files and pickles, which are checked as if they were hostile."""
