keep;
require "fileinto"; # 1
require "copy";
keep;
require "body"; # 2
require ["date", "index"];
if true {
	require "reject"; # 3
	require "envelope"; # 4
}
require "relational"; # 5
