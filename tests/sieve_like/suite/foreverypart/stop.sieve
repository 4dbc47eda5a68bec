require ["foreverypart", "fileinto"];

foreverypart {
	fileinto "once";
	stop;
}
fileinto "never";
