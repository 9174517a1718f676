"""Where bytes come from: files, compressed or not, standard input, several of them in order; and filters on frames."""
