keep;
# comment
if true {
	stop;
}
