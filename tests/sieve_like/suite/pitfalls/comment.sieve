keep;
# the end