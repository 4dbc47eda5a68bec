require "ihave";
if ihave "vnd.example.nonsense" {
	nonsense :tag "a" { unknown 7; }
	fileinto 7;
}
if allof (ihave "fileinto", true) { fileinto "A"; }
