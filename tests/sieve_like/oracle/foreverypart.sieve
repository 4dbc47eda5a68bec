require ["foreverypart", "mime", "extracttext", "fileinto", "variables"];

set "ids" "";
set "texts" "";
foreverypart {
	if header :mime :matches "x-id" "*" { set "ids" "${ids}${1}"; } else { set "ids" "${ids}-"; }
	set "text" "";
	extracttext :length "text";
	set "texts" "${texts}(${text})";
}
fileinto "ids ${ids}";
fileinto "texts ${texts}";
foreverypart {
	if header :mime "x-id" "3" { fileinto "third"; }
	if header :mime "x-id" "4" { break; }
	if header :mime "x-id" "5" { fileinto "fifth"; }
}
