"""What bounces call themselves in their subjects, by language, and what people call mails about bounces.

Data only; subjects are compared in lower case (casefold).
"""

import re
from typing import Final

# What bounces call themselves, at the beginning of a subject in lower case.
_SUBJECTS: Final = (
    # English
    r"undeliver(?:able|ed)\b(?! mail\?)",
    r"non[- ]?deliver",
    r"not delivered\b",
    r"nondeliverable",
    r"ndn?[:_]",
    (
        r"(?:e-?)?mail deliver(?:y|ing) (?:fail|error|system|problem|status|notif|delay|sub|"
        r"report|was|has|incomplete)"
    ),
    (r"delivery (?:status|fail|error|delay|prob|report|notif|has failed|unsuccess|incomplete|" r"final)"),
    r"delivery_failure",
    r"(?:failure|failed) (?:notice|mail|delivery|to deliver|message)",
    r"fail(?:ed|ure):? ?delivery",
    r"(?:\w+ )?delivery failure",
    r"return(?:ed|ing) (?:mail|message|e-?mail|to sender)",
    r"message[ _](?:could )?not (?:be )?deliver",
    (r"(?:your )?(?:e-?)?(?:mail|message)(?: \S{1,60})? (?:could|can) ?not be (?:deliver|" r"sent)"),
    r"message (?:undeliver|delivery|status|not delivered)",
    r"(?:permanent|temporary|transient|fatal) (?:delivery|mail|fail|error)",
    (r"mail (?:system error|could not|status|failure|error|not deliver|undeliver|returned|" r"rejected)"),
    r"could not (?:be )?(?:send|deliver)",
    (
        r"(?:warning|error|mdaemon (?:warning|notification))\W{1,3}.{0,60}(?:deliver|could not|"
        r"couldn't|queued|delayed|still|fail|notif)"
    ),
    r"warning: (?:message|could|mail|your|e-?mail)",
    r"delayed (?:mail|message|delivery)",
    r"unable to deliver",
    r"error sending",
    r"bounced? (?:mail|message|notif|e-?mail|action)",
    (
        r"your (?:e-?mail|message|mail) (?:to .{1,80} )?(?:was|has been|could|is|"
        r"bounced).{0,30}(?:not|return|reject|block|undeliver|delay|refus|bounced)"
    ),
    (r"(?:mail|message|e-?mail) (?:was |has been )?(?:rejected|blocked|refused|bounced|" r"delayed)\b"),
    r"user unknown",
    r"unknown (?:user|recipient|address)",
    r"mailbox (?:is )?full",
    r"quota exceeded",
    r"mail (?:to|for) \S{1,80} (?:undeliver|fail|reject|return)",
    r"\**message you sent blocked",
    r"nondelivery report",
    r"\[?postmaster\]? (?:email |mail )?(?:delivery|undeliver)",
    r"x?mail bounce",
    r"address (?:unknown|not found)",
    r"notification of .{0,30}(?:deliver|non-deliver)",
    r"smtp (?:delivery|error|failure)",
    r"message delayed",
    r"(?:e-?)?mail (?:delay|undelivered)",
    r"postmaster notify",
    r"rejected (?:mail|message|posting)",
    r"delivery to .{1,80} (?:fail|delay|has failed)",
    r"relay[:.]? ",
    r"considered unsolicited bulk email",
    r"banned contents",
    r"postfix smtp server: errors",
    # German
    r"unzustellbar",
    r"nicht zustellbar",
    r"zustellfehler",
    r"zustellung (?:fehl|nicht|verz|der|ist)",
    r"(?:ihre )?(?:e-?mail|nachricht|mail) (?:konnte|kann|wurde) nicht",
    r"fehler bei der (?:zustell|übermitt)",
    r"unzustellbare",
    r"(?:benachrichtigung|statusbericht)\W.{0,40}(?:zustell|übermittl|fehl)",
    r"zustellungs?(?:status|fehl|verz|bericht|benach)",
    r"verzögert\w{0,3}[ :]",
    r"unzustellbarkeit",
    r"rückläufer",
    # French
    r"non remis",
    r"échec (?:de|d'|lors)",
    r"message non (?:remis|délivré|distribué)",
    r"(?:avis|notification) de non[- ](?:remise|distribution|livraison)",
    r"non distribuable",
    r"remise (?:diff|retard|imposs|en att)",
    r"(?:votre )?message n'a pas",
    r"notification d'état de (?:la )?(?:remise|distribution)",
    r"erreur (?:de|d')(?: la)? ?(?:remise|distribution|livraison|envoi)",
    r"courrier non remis",
    r"retour de courrier",
    r"impossible de remettre",
    # Spanish, Portuguese, Italian, Catalan, Romanian
    r"no se (?:puede|pudo|ha podido) entregar",
    r"no entregado",
    r"correo (?:no entregado|devuelto)",
    r"(?:error|fallo) (?:de|en)(?: la)? (?:entrega|env)",
    r"mensaje (?:no|devuelto|retrasado)",
    r"notificación (?:de|del) (?:estado|error|fallo)",
    r"entrega (?:fallida|retrasada|demorada)",
    r"devolución",
    r"não (?:é )?(?:foi )?(?:possível )?entreg",
    r"falha (?:na|de|no) (?:entrega|envio)",
    r"não entregue",
    r"mensagem (?:não|devolvida)",
    r"notificação (?:de|do) (?:status|estado|falha)",
    r"não é possível entregar",
    r"e-?mail devolvido",
    r"erro (?:de|na|no) (?:entrega|envio)",
    r"mancat[oa] (?:recapito|consegna)",
    r"impossibile (?:recapitare|consegnare|inviare)",
    r"(?:messaggio|mail|e-?mail|posta) (?:non|restituit)",
    r"non recapitabile",
    r"errore (?:di|nella|nel) (?:consegna|recapito|invio)",
    r"notifica (?:di|dello) (?:stato|mancat)",
    r"avviso di mancat",
    r"no s'ha pogut",
    r"nelivrat",
    r"imposibil de livrat",
    # Dutch and the North
    r"onbestelbaar",
    r"niet (?:bezorgd|besteld|afgeleverd)",
    r"(?:bezorging|aflevering) (?:mislukt|vertraagd|is)",
    r"bericht (?:niet|kon)",
    r"kan niet (?:worden )?(?:bezorgd|afgeleverd)",
    r"mislukte (?:bezorging|aflevering)",
    r"(?:ej|inte|kunde inte|går inte att|det går inte att) lever",
    r"olevererbart",
    r"leverans(?:en)? (?:miss|fel|förs)",
    r"kunne ikke lever",
    r"ikke lever",
    r"kan ikke lever",
    r"ulevert",
    r"leverings?(?:en)? (?:mis|fejl|fors|feil)",
    r"uleverbar",
    r"toimit(?:us|tama|taminen).{0,20}(?:epäonn|onnist|viiväst|myöh)",
    r"ei voi(?:tu|da)? toimit",
    r"viestiä ei",
    r"ei toimitettu",
    # The East
    r"niedostarczaln",
    r"nie (?:można|udało się) dostarcz",
    r"(?:nie)?dostarczeni",
    r"zwrot (?:poczty|wiadomości)",
    r"nedoručiteln",
    r"nedoručen",
    r"doručení (?:se|sel)",
    r"nelze doručit",
    r"kézbesíthetetlen",
    r"a kézbesítés",
    r"sikertelen kézbesítés",
    r"teslim edilem",
    r"i̇?letilemedi",
    r"teslimat (?:başar\u0131s\u0131z|hatas\u0131)",
    r"nedostavlj",
    r"neisporuč",
    r"neisporučeno",
    r"ni mogoče dostaviti",
    r"недоставлен",
    r"не(?:возможно)? доставлен",
    r"(?:сообщение|письмо|почта) не",
    r"ошибка доставки",
    r"не удалось доставить",
    r"невозможно доставить",
    r"уведомление \u043e (?:сост|дост|недост)",
    r"возврат (?:письма|почты)",
    r"недоставка",
    r"отложен",
    r"μη παραδ",
    r"αποτυχία παράδοσης",
    r"δεν ήταν δυνατή",
    r"退信",
    r"系统退信",
    r"未送达",
    r"无法(?:送达|投递|传递)",
    r"无法传送",
    r"退回",
    r"投递失败",
    r"邮件(?:投递|发送|被退)",
    r"傳送失敗",
    r"無法(?:傳遞|寄達|送達|投遞)",
    r"未傳遞",
    r"退件",
    r"郵件(?:傳送|退)",
    r"配信(?:不能|エラー|できません|に失敗|不可|遅延)",
    r"送信(?:エラー|できません)",
    r"メール(?:が届|配信|送信エラー|エラー)",
    r"配達不能",
    r"未配信",
    r"배달(?:되지|할 수| 실패)",
    r"반송",
    r"전송 실패",
    r"לא ניתן למסור",
    r"تعذر (?:التسليم|تسليم)",
    r"لم يتم تسليم",
    r"ส่งไม่ได้",
    r"ไม่สามารถส่ง",
    r"không (?:thể )?(?:gửi|chuyển)",
)
SUBJECT: Final = re.compile(
    r"\W{0,5}(?:\[[^\]]{1,30}\]|\*{2,5}spam\*{2,5}|auto(?:matic)?[: -]{1,3}|"
    r"automatically rejected mail|system ?administrator\W{1,3})?\s{0,3}(?:" + "|".join(_SUBJECTS) + ")"
)
# Whole subjects that stand for themselves where the sender is null.
KNOWN_SUBJECT: Final = re.compile(
    r"(?:undelivered mail returned to sender|mail delivery failed: returning message to sender|failure notice"
    r"|delivery status notification \(|returned mail: (?:see transcript|user unknown|"
    r"host unknown)|undeliver(?:ed|able) (?:mail|message)\W{0,3}$"
    r"|undeliverable:|unzustellbar:|non remis|onbestelbaar:|no se puede entregar:|"
    r"non recapitabile:|delivery failure:|warning: could not send message)"
)
# A person who writes about a bounce: an answer, a forward, a question.
TALK: Final = re.compile(
    r"\W{0,3}(?:re|aw|sv|antw|antwort|vs|ref|rif|odp|fwd?|wg|tr|rv|enc|i|doorst|vl|pd|转发|回复|"
    r"答复|回覆|轉寄)\s?(?:\[\d+\])?[:\uff1a]|.{0,300}\?\W{0,3}$"
)
