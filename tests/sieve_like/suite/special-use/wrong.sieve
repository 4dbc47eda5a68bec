require ["special-use", "fileinto"];

# 1 to 3: a name and attributes
if specialuse_exists { keep; }
if specialuse_exists 1 { keep; }
if specialuse_exists ["INBOX", "Work"] "\\Junk" { keep; }
# 4, 5: what is no attribute
if specialuse_exists "Junk" { keep; }
if specialuse_exists "INBOX" ["\\Junk", "Sent", "\\Trash", "\\Drafts"] { keep; }
# 6 to 10: the tag needs one attribute
fileinto :specialuse "\\Junk";
fileinto :specialuse ["\\Junk"] "Spam";
fileinto :specialuse "Junk" "Spam";
fileinto :specialuse "\\Ju nk" "Spam";
fileinto :specialuse "\\Junk" :specialuse "\\Trash" "Spam";
