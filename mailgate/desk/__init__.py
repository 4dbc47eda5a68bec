"""What is seen in a browser; so far the pages for those who watch: metrics and health."""
