"""How bounces that follow no standard look: who writes them, what they call themselves, how they begin.

Data only. Each form has the words that its program or house documents or sends; languages stand together. A
form is looked for at the beginning of the text, where a person who quotes a bounce has words of their own.
"""

import re
from typing import Final

# Local parts that only a program writes from …
DAEMONS: Final = frozenset(
    {
        "mailer-daemon",
        "mail-daemon",
        "mailerdaemon",
        "maildaemon",
        "mailer_daemon",
        "mail_daemon",
        "mailer.daemon",
        "mdaemon",
        "mailer-deamon",
        "mailerdemon",
    }
)
# … and those behind which a person may stand as well.
MASTERS: Final = frozenset(
    {
        "postmaster",
        "post_master",
        "post-master",
        "post.master",
        "mailmaster",
        "mailadmin",
        "mail-admin",
        "mail.admin",
        "mail",
        "mailer",
        "mailsystem",
        "mail-system",
        "mailrouter",
        "mail-router",
        "administrator",
        "admin",
        "system",
        "smtp",
        "bounce",
        "bounces",
        "noreply",
        "no-reply",
        "donotreply",
        "do-not-reply",
        "nobody",
        "root",
        "mta",
        "delivery",
        "ndr",
        "emailgateway",
        "mailgateway",
        "complaints",
    }
)
# In a raw From in lower case: a look that costs next to nothing and finds all of the above.
MAYBE: Final = re.compile(
    rb"m(?:a(?:ster|il(?:@|er| [srg]|m))|ta@)|d(?:ae|ea)mon|deliver|admin|reply|bounce|nobody|root|smtp"
    rb"|system|exchange|ndr@|complaint|security|mail(?:f|m)|interscan|surfcontrol|barracuda|firewall"
    rb"|messagelabs|mimecast|proofpoint|gateway|staff@hotmail"
)
# A From without a domain, as old systems write it.
BARE_DAEMON: Final = re.compile(r"(?:^\s*|<)mailer-daemon\s*(?:$|>|\()")
DISPLAYED: Final = re.compile(
    r"mail\w{0,2}[ _.-]{0,2}(?:deliver|system|daemon|router|administrator)|"
    r"mailer[ _.-]?daemon|message deliver|postmaster"
    r"|system ?administrator|delivery (?:sub)?system|microsoft outlook|mail transport|"
    r"mail server|email gateway"
    r"|interscan|mailfoundry|mailmarshal|surfcontrol|barracuda|spam firewall|messagelabs|mimecast|proofpoint"
)

# Programs that people write with; none of them sends bounces.
WRITTEN_WITH: Final = re.compile(
    r"thunderbird|mutt|evolution|kmail|apple mail|iphone|ipad|claws|sylpheed|roundcube|"
    r"squirrelmail|the bat|eudora|pegasus"
    r"|microsoft outlook|outlook express|windows mail|horde|imp webmail|k-9|fairemail|"
    r"webmail|seamonkey|gnus|alpine"
)
# How texts begin, by the form's name.
_OPENINGS: Final = (
    (
        "postfix",
        (
            r"this is the (?:postfix program|mail system|postfix mail system) at host|"
            r"i'm sorry to have to inform you|#{20,}|<?[^\s<>]{1,64}@[^\s<>]{1,255}>?: (?:host|"
            r"delivery temporarily|unknown user|mail for|user unknown|can't|message size|"
            r"bad address|command|connect to)"
        ),
    ),
    (
        "sendmail",
        (
            r"the original message was received at|-{3,5} (?:the following addresses|"
            r"transcript of session|recipient of|unsent message|message (?:header|text))|\*{10,}|"
            r"this is a mime[- ]encapsulated message|\*\* {1,6}this is a warning message only"
        ),
    ),
    (
        "qmail",
        (
            r"(?:hi|hello)[.!,] {1,3}this is the [a-z/-]{2,30}(?: mail)? (?:program|server|system|agent)\b|"
            r"this message was created automatically by (?:the )?(?:mail system|qmail)|"
            r"i'm afraid i wasn't able to deliver"
        ),
    ),
    (
        "opensmtpd",
        (r"(?:hi|hello)!?\s{1,12}this is the (?:mailer-daemon|dragonfly mail)|" r"this is the mailer-daemon"),
    ),
    (
        "exim",
        (
            r"(?:\W{0,5})?this message was created automatically by|"
            r"a message (?:that you (?:have )?(?:sent|send)|sent by)|"
            r"this message has been (?:frozen|rejected)|the following address(?:\(es\)|"
            r"es)? (?:failed|had)"
        ),
    ),
    (
        "exchange",
        (
            r"your message(?: to \S{1,320})?\s{1,40}(?:to|subject|sent|did not reach|"
            r"wasn't delivered|was not delivered|couldn't be|could not be|has been|cannot|can't|"
            r"is being|:)|delivery (?:has failed|is delayed|to (?:these|the following))|"
            r"(?:the following |these )?(?:recipient\(?s?\)?|address(?:es)?) (?:could ?not|cannot|"
            r"can't) be|the following recipient|diagnostic information for admin|generating server|"
            r"this is an automatically generated delivery status|your message wasn't|"
            r"the e-?mail (?:account|address|system) (?:does not|you|was)|the message (?:cannot|"
            r"could not|was not|couldn't) be|office ?365|\S{1,320} wasn't found at|couldn't deliver|"
            r"an error occurred while trying"
        ),
    ),
    (
        "domino",
        (
            r"(?:your message|ihre nachricht|ihr dokument|votre message|your document|su mensaje|"
            r"il messaggio)(?:[:.]|\s{1,20}(?:subject|betreff|objet|asunto|oggetto))|"
            r"-{3,} failure reasons|failure reasons|router:|delivery failure"
        ),
    ),
    (
        "gmail",
        (
            r"\*{2} (?:address|message|delivery|adress|nachricht|zustell|adresse|remise|indirizzo|"
            r"mensaje|endereço|mensagem|адрес|сообщение)|delivery to the following recipient|"
            r"(?:we're|we are) writing to let you know|"
            r"hello [^\s@]{1,64}@[^\s,]{1,255},\s{1,10}we're writing|message (?:blocked|"
            r"not delivered|rejected)|address not found|recipient inbox full|"
            r"there was a (?:temporary )?problem deliver|the (?:response|"
            r"response from the remote server) was|технические подробности|technical details of"
        ),
    ),
    (
        "yahoo",
        (
            r"message from yahoo|sorry, we were unable to deliver|unable to deliver message to|"
            r"this message (?:could not|is|was) (?:be )?deliver|we're sorry\. there was a problem|"
            r"we (?:are|were) unable to deliver|remote host said|(?:we|i) (?:was|were|am|"
            r"are) (?:unable|not able) to deliver"
        ),
    ),
    (
        "aol",
        (
            r"your mail (?:to the following|sent on|could not|was not)|the mail you sent|"
            r"the user\(s\) account|each of the following recipients|(?:the following recipients|"
            r"some recipients) (?:did not receive|were|have)"
        ),
    ),
    (
        "1und1",
        (
            r"a message that you (?:have )?sent|for the following reason|eine (?:von ihnen|"
            r"nachricht|e-?mail|mail)|diese (?:nachricht|e-?mail|mail) wurde (?:automatisch|vom)|"
            r"dies ist eine automatisch|(?:die|ihre) (?:nachricht|e-?mail|mail|"
            r"folgende)\s.{0,80}(?:nicht|konnte)"
        ),
    ),
    (
        "sun",
        (
            r"this (?:report|message) relates to a message|your message (?:cannot be delivered|"
            r"has been enqueued|of \S)|this is a (?:collection of reports|delivery (?:status|"
            r"failure)|mail delivery|report|message from|mime-?formatted)|this report concerns"
        ),
    ),
    (
        "smail",
        (
            r"\|-{5,} ?(?:message log|failed addresses)|-{4,} ?(?:message log|failed addresses|"
            r"failed recipient|session transcript)|the following data may contain|"
            r"--- session transcript|the attached (?:message|mail) (?:had|has)|"
            r"\*{0,3}the message (?:that )?you sent"
        ),
    ),
    (
        "qq",
        r"(?:抱歉|很抱歉|尊敬的|您好|亲爱).{0,60}(?:退|邮件|郵件)|(?:您|你)的邮件|邮件(?:被退|无法|发送)|由于|原邮件|送达|无法(?:投递|送达)",
    ),
    (
        "yandex",
        (
            r"это (?:письмо|сообщение|уведомление)|(?:ваше|данное|к сожалению,? ваше) (?:письмо|"
            r"сообщение)|к сожалению|пожалуйста, не отвечайте|сообщение не|письмо не|доставка|"
            r"не удалось"
        ),
    ),
    (
        "courier",
        (
            r"this is a delivery status notification from|undeliverable mail|delayed mail|"
            r"your message to the following recipients|this is the (?:courier|mail) |"
            r"the message that you sent"
        ),
    ),
    (
        "mailenable",
        (
            r"message could not be delivered|mailenable|the message (?:could|that you sent was)|"
            r"message (?:delivery|transport) (?:failure|failed)|failed to deliver|could not deliver|"
            r"failed address|unknown user:|user mailbox exceeds|undeliverable to|mail could not be|"
            r"message undeliverable|undeliverable"
        ),
    ),
    (
        "house",
        (
            r"sent (?:<<<|>>>) |"
            r"this is (?:the mail delivery agent|an automatic(?:ally)?(?: generated)? (?:message|"
            r"reply|notif|mail|e-?mail|delivery)|a permanent|a notification|to inform)|(?:hello|"
            r"dear \w{3,10})[,.!]{0,2}\s{1,10}(?:this is the mail|this is an auto|"
            r"your (?:e-?)?(?:mail|message)|the (?:e-?)?(?:mail|message) (?:you|that)|(?:we|"
            r"i) (?:were|was|regret|could)|sorry)|i am sending you this message|"
            r"i'?m sorry to have to tell|your e-?mail\s.{0,120}(?:blocked|not been|rejected|"
            r"could not|was not|undeliver|cannot)|(?:we|i) (?:had|regret|"
            r"could not)\b.{0,60}(?:deliver|message|mail)|\[\d\d\] xmail bounce|a problem occurred|"
            r"the e-?mail (?:below|message|could|with)|each of the following|reason:|error:|(?:smtp|"
            r"remote) (?:error|server|host)|permanent (?:error|failure)|delivery (?:failed|failure|"
            r"error|report|status|notification|of)|the delivery of|message was (?:refused|not|"
            r"rejected)|this e-?mail (?:could|was|address)|recipient:? |invalid (?:address|"
            r"recipient)|user unknown|no such user|unknown (?:user|recipient)|mail (?:delivery|"
            r"system|could|was|to)|could not be delivered|we had trouble"
        ),
    ),
    (
        "german",
        (
            r"(?:fehler|unzustell|zustell|diagnose|folgende|an folgende|der folgende|die folgende|"
            r"bei (?:der|dem)|leider (?:konnte|ist|wurde)|wichtiger hinweis|"
            r"sehr geehrte\w? .{0,40}\s{1,10}(?:ihre|die) (?:e-?mail|nachricht|mail))"
        ),
    ),
    (
        "romance",
        (
            r"échec|(?:la |le |votre |ce |l')(?:remise|message|courriel|courrier|e-?mail|"
            r"distribution|adresse)\b|impossible (?:de|d')|non remis|n'a pas|error (?:de|en)|"
            r"no se (?:pudo|puede|ha)|(?:su|el|este) (?:mensaje|correo)\b|falha|(?:a sua|sua|esta|"
            r"o seu|não foi|a mensagem|a entrega)\b|(?:il|questo|la|impossibile|errore|recapito|"
            r"consegna)\b.{0,40}(?:messaggio|recapit|consegn|destinatari)|se ha producido|"
            r"ha ocurrido|ocorreu"
        ),
    ),
    (
        "north",
        (
            r"(?:uw|het|dit|de|bezorging|aflevering) (?:bericht|e-?mail|bezorging|aflevering|"
            r"van het)\b|bezorg|leverans|leverings?|(?:ditt|det|meddelandet|meddelelsen|meldingen|"
            r"din|e-post)\b.{0,40}(?:lever|gick|kunde|kunne|nådde)|viesti|toimitus|det gick inte"
        ),
    ),
    (
        "east",
        (
            r"nie można|nie udało|dostarcz|wiadomość|doručen|zpráv|nelze|kézbesít|az üzenet|mesaj|"
            r"ileti|teslim|η παράδοση|το μήνυμα|αποτυχία"
        ),
    ),
    (
        "asia",
        (
            r"次の|以下の|このメール|配信|メール|送信|お(?:送り|客)|あなた|受信者|无法|未能|邮件|您|傳送|無法|郵件|下列|다음|메시지|배달|전송|귀하|메일|לא|"
            r"ההודעה|تعذر|الرسالة|لم يتم"
        ),
    ),
)
# Forms whose words a program alone uses; the rest needs a null sender beside it.
SPECIFIC: Final = frozenset(
    {
        "postfix",
        "sendmail",
        "qmail",
        "opensmtpd",
        "exim",
        "exchange",
        "gmail",
        "yahoo",
        "sun",
        "smail",
        "courier",
        "qq",
    }
)
OPENINGS: Final = tuple((name, re.compile(pattern)) for name, pattern in _OPENINGS)
# A person begins so; a form that does is known by more than that.
GREETING: Final = re.compile(
    r"\W{0,5}(?:hi|hey|hello|dear|good (?:morning|day|afternoon|evening)|hallo|guten (?:tag|"
    r"morgen|abend)|moin|servus|grüss|liebe[rs]?\b|lieber|sehr geehrte|bonjour|bonsoir|"
    r"madame|monsieur|cher|hola|buen[oa]s|estimad|ciao|buon|gentile|spett|olá|bom dia|"
    r"boa tarde|prezad|beste\b|geachte|hej|hei\b|szanown|dzień dobry|witam|dobrý den|"
    r"здравствуйте|добрый|уважаем|привет|您好|你好|こんにちは|お世話|안녕)"
)
# Words that only a failure has, anywhere near the beginning of the text.
TROUBLE: Final = re.compile(
    r"(?<![\d.])[45][0-5]\d[ -]#?[45]\.\d{1,3}\.\d{1,3}|(?:said|smtp|code|error|reply|"
    r"response|<<<|:)\W{1,4}[45][0-5]\d\b|\b[45]\.\d\.\d{1,3}\b"
    r"|undeliver|not (?:be(?:en)? )?delivered|delivery (?:\w+ )?(?:fail|delay|status)|"
    r"could ?n[o']t be (?:sent|delivered)|unknown user|user unknown|no such user"
    r"|zugestellt werden|unzustellbar|n'a pas|no se p|退|не (?:доставлен|может быть)|配信|未送達"
)
