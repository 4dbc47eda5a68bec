# Orders by mail: all mails about one order number are one ticket, whatever else the subject says.
require ["variables", "vnd.mailgate.ticket", "vnd.mailgate.reply"];

# rule:[By order number]
# "Re: your order 2026-0815 is late" and "order 2026-0815" from one customer are the same matter.
if header :matches "subject" "*order ????-????*" {
    ticket :queue "orders" :key "order ${2}${3}${4}${5}-${6}${7}${8}${9}" :category "order"
        :outcome "did";
} else {
    # Without a number the whole subject is compared, without Re, Fwd and the like.
    ticket :queue "orders" :match_subject :category "order" :outcome "did";
}

# rule:[One answer per order, at most one a day to one customer]
if string "${did}" "created" {
    reply :template "order-received" :days 1 :handle "order" :salutation_fallback "Dear customer";
}
