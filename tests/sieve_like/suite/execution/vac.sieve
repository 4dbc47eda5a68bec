require ["vacation"];
vacation "I am gone";
