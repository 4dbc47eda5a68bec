require ["extracttext", "foreverypart", "variables"];

# 1
extracttext "text";
foreverypart {
	# 2 and 3
	extracttext;
	extracttext "a" "b";
	# 4 and 5
	extracttext :lower :upper "text";
	extracttext :length :length "text";
	# 6
	extracttext :first "3" "text";
	# 7 and 8
	extracttext "not a name";
	extracttext "3";
	# 9
	extracttext ["text", "more"];
	# 10
	extracttext "unknown.text";
}
