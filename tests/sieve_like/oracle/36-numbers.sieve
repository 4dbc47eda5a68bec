require "fileinto";
if size :over 1k { fileinto "k"; }
if size :under 1G { fileinto "g"; }
if size :under 18446744073709551615 { fileinto "big"; }
