require "fileinto";
if anyof (allof (exists ["from", "subject"], not exists "x-spam"), header :is "x-spam" "") { fileinto "A"; }
if not anyof (false, not true) { fileinto "B"; }
