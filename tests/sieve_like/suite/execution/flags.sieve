require ["imap4flags"];
addflag "\\flagged";
addflag "$Forwarded";
