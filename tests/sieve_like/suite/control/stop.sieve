require "fileinto";
fileinto "A";
if true {
	stop;
}
fileinto "B";
