require "editheader";
deleteheader :last "X-Three";
