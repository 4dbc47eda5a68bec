" Vim syntax file for Sieve (RFC 5228) with all extensions of mailgate.
" Made from the tables of the language by `make generated`: not to be changed by hand.
if exists("b:current_syntax")
  finish
endif
syntax case ignore
setlocal iskeyword=@,48-57,_

syntax keyword sieveControl break continue else elsif foreverypart if include require
syntax keyword sieveControl return stop while
syntax keyword sieveAction addflag addheader contact_create convert debug_log deleteheader discard enclose
syntax keyword sieveAction ereject error expire export extracttext fileinto global import
syntax keyword sieveAction keep let log notify notify_agent pipe processcalendar redirect
syntax keyword sieveAction reject removeflag replace reply report set setflag snooze
syntax keyword sieveAction test test_binary_load test_binary_save test_config_reload test_config_set test_config_unset test_fail test_imap_metadata_set
syntax keyword sieveAction test_mailbox_create test_mailbox_delete test_message test_message_print test_result_print test_result_reset test_set ticket
syntax keyword sieveAction ticket_assign ticket_close ticket_link ticket_note ticket_queue ticket_status ticket_tag trace
syntax keyword sieveAction unexpire vacation webhook workflow
syntax keyword sieveLogic allof anyof false not true
syntax keyword sieveTest account address authenticated body businesshours class contact convert
syntax keyword sieveTest currentdate date duplicate envelope environment eval exists expiration
syntax keyword sieveTest folder hasexpiration hasflag header ihave mailboxexists mailboxidexists metadata
syntax keyword sieveTest metadataexists notify_method_capability queue servermetadata servermetadataexists size spamtest specialuse_exists
syntax keyword sieveTest string test_error test_message test_multiscript test_result_action test_result_execute test_script_compile test_script_run
syntax keyword sieveTest ticket valid_ext_list valid_notify_method virustest
syntax match sieveTag ":\(addflags\|addresses\|agent\|all\|allowpublic\|anychild\|append_result\|arc\)\>"
syntax match sieveTag ":\(assign\|attach\|bymode\|bytimeabsolute\|bytimerelative\|bytrace\|calendarid\|category\)\>"
syntax match sieveTag ":\(company\|comparator\|contains\|content\|contenttype\|copy\|count\|create\)\>"
syntax match sieveTag ":\(days\|deletecancelled\|detail\|dkim\|dmarc\|domain\|encodeurl\|exists\)\>"
syntax match sieveTag ":\(extension\|fcc\|first\|flags\|folder\|follow_up\|follow_up_days\|from\)\>"
syntax match sieveTag ":\(global\|handle\|header\|headers\|headers_only\|html\|importance\|index\)\>"
syntax match sieveTag ":\(invitesonly\|is\|key\|key_regex\|known\|language\|last\|length\)\>"
syntax match sieveTag ":\(list\|localpart\|lower\|lowerfirst\|mailbox\|mailboxid\|match_subject\|matches\)\>"
syntax match sieveTag ":\(message\|mime\|name\|never_follow_up\|note\|notify\|once\|optional\)\>"
syntax match sieveTag ":\(options\|organizers\|originalzone\|outcome\|over\|owner_group\|param\|percent\)\>"
syntax match sieveTag ":\(personal\|priority\|queue\|quoteregex\|quotewildcard\|raw\|reason\|regex\)\>"
syntax match sieveTag ":\(remove\|removeflags\|ret\|salutation_fallback\|seconds\|smtp\|specialuse\|spf\)\>"
syntax match sieveTag ":\(status\|subject\|subtype\|tag\|template\|text\|try\|type\)\>"
syntax match sieveTag ":\(tzid\|under\|uniqueid\|update\|updatesonly\|upper\|upperfirst\|user\)\>"
syntax match sieveTag ":\(value\|vip\|weekdays\|workflow\|zone\)\>"
syntax match sieveCapability contained +"\@<=\(body\|comparator-i;ascii-casemap\|comparator-i;ascii-numeric\|comparator-i;octet\|comparator-i;unicode-casemap\|convert\|copy\|date\)"\@=+
syntax match sieveCapability contained +"\@<=\(duplicate\|editheader\|enclose\|encoded-character\|enotify\|envelope\|envelope-deliverby\|envelope-dsn\)"\@=+
syntax match sieveCapability contained +"\@<=\(environment\|ereject\|extlists\|extracttext\|fcc\|fileinto\|foreverypart\|ihave\)"\@=+
syntax match sieveCapability contained +"\@<=\(imap4flags\|include\|index\|mailbox\|mailboxid\|mboxmetadata\|mime\|processcalendar\)"\@=+
syntax match sieveCapability contained +"\@<=\(redirect-deliverby\|redirect-dsn\|regex\|reject\|relational\|replace\|servermetadata\|snooze\)"\@=+
syntax match sieveCapability contained +"\@<=\(spamtest\|spamtestplus\|special-use\|subaddress\|vacation\|vacation-seconds\|variables\|virustest\)"\@=+
syntax match sieveCapability contained +"\@<=\(vnd\.cyrus\.log\|vnd\.dovecot\.debug\|vnd\.dovecot\.environment\|vnd\.dovecot\.pipe\|vnd\.dovecot\.report\|vnd\.dovecot\.testsuite\|vnd\.mailgate\.account\|vnd\.mailgate\.auth\)"\@=+
syntax match sieveCapability contained +"\@<=\(vnd\.mailgate\.contact\|vnd\.mailgate\.reply\|vnd\.mailgate\.ticket\|vnd\.mailgate\.trace\|vnd\.mailgate\.workflow\|vnd\.proton\.expire\|vnd\.stalwart\.expressions\|vnd\.stalwart\.while\)"\@=+
syntax match sieveNumber "\<\d\+[KMG]\?\>"
syntax match sieveEscape contained "\\."
syntax match sieveVariable contained "\${[A-Za-z0-9_.]\+}"
syntax match sieveEncoded contained "\${\(hex\|unicode\):[0-9A-Fa-f \t\r\n]*}"
syntax cluster sieveInside contains=sieveVariable,sieveEncoded
syntax region sieveString start=+"+ skip=+\\.+ end=+"+ contains=@sieveInside,sieveEscape,sieveCapability
syntax region sieveText matchgroup=sieveMark start="\<text:\s*\(#.*\)\?$" end="^\.$" contains=@sieveInside
syntax match sieveRule contained "rule:\[.\{-}\]"
syntax match sieveLint contained "lint:.*$"
syntax match sieveComment "#.*$" contains=sieveTodo,sieveRule,sieveLint
syntax region sieveComment start="/\*" end="\*/" contains=sieveTodo
syntax keyword sieveTodo contained NOTE WARNING
syntax region sieveBlock start="{" end="}" transparent fold

highlight default link sieveControl Conditional
highlight default link sieveAction Function
highlight default link sieveLogic Operator
highlight default link sieveTest Keyword
highlight default link sieveTag Identifier
highlight default link sieveCapability Special
highlight default link sieveNumber Number
highlight default link sieveString String
highlight default link sieveText String
highlight default link sieveMark Special
highlight default link sieveEscape SpecialChar
highlight default link sieveVariable PreProc
highlight default link sieveEncoded PreProc
highlight default link sieveComment Comment
highlight default link sieveRule Title
highlight default link sieveLint PreProc
highlight default link sieveTodo Todo

let b:current_syntax = "sieve"
