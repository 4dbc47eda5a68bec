require ["foreverypart", "extracttext", "variables", "mime"];
extracttext "text";
