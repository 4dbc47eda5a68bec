require "fileinto";
if size :over 400 { fileinto "Over400"; }
if size :under 1K { fileinto "Under1K"; }
if not size :over 0 { fileinto "Empty"; }
