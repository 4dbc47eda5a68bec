"""What mail programs write around a quotation in four languages, after the forms that they document."""

from dataclasses import dataclass

SUPPORT = "Example Support <support@example.org>"
ANNA = "Anna Berg <anna@customer.example>"


@dataclass(frozen=True)
class Words:
    """One language: our mail and the answer to it, and the lines that programs write in it."""

    language: str
    ours: str
    new: str
    subject: str
    gmail: str  # also Android, with a comma instead of "at"
    apple: str
    thunderbird: str
    proton: str
    yahoo: str
    fields: tuple[str, str, str, str, str]  # From, Sent, To, Subject, Date
    sent: str
    original: str
    forwarded: str
    apple_forwarded: str
    iphone: str
    outlook_phone: str

    def block(self, subject: str, *, dated: bool = False) -> list[tuple[str, str]]:
        """Return the fields of Outlook's block; `dated` has a Date in place of Sent."""
        sender, sent, to, about, date = self.fields
        return [(sender, SUPPORT), (date if dated else sent, self.sent), (to, ANNA), (about, subject)]


EN = Words(
    "en",
    """Dear Anna Berg,

thank you for your mail. Which printer is it, and what does its display say?
Please also tell us the serial number: you find it at the back, below the socket for the cable.

Kind regards
Ben Miller
--
Example Support, https://example.org/help""",
    """It is the blue one in room 4, and it says "no paper".

The number is 4711-0815.

Regards
Anna""",
    "RE: [#T-1] Printer",
    f"On Tue, 1 Jul 2025 at 12:00, {SUPPORT} wrote:",
    f"On 1 Jul 2025, at 12:00, {SUPPORT} wrote:",
    "On 01/07/2025 12:00, Example Support wrote:",
    f"On Tuesday, July 1st, 2025 at 12:00, {SUPPORT} wrote:",
    f"On Tuesday, July 1, 2025 at 12:00:00 PM GMT+2, {SUPPORT} wrote:",
    ("From", "Sent", "To", "Subject", "Date"),
    "Tuesday, July 1, 2025 12:00 PM",
    "Original Message",
    "Forwarded message",
    "Begin forwarded message:",
    "Sent from my iPhone",
    "Get Outlook for iOS",
)
DE = Words(
    "de",
    """Guten Tag Frau Berg,

vielen Dank für Ihre Nachricht. Um welchen Drucker handelt es sich, und was steht in der Anzeige?
Bitte nennen Sie uns auch die Seriennummer: Sie steht auf der Rückseite unter der Buchse für das Kabel.

Mit freundlichen Grüßen
Ben Müller
--
Beispiel-Support, https://example.org/hilfe""",
    """es ist der blaue in Raum 4, und da steht "Kein Papier".

Die Nummer lautet 4711-0815.

Viele Grüße
Anna Berg""",
    "AW: [#T-1] Drucker",
    f"Am Di., 1. Juli 2025 um 12:00 Uhr schrieb {SUPPORT}:",
    f"Am 01.07.2025 um 12:00 schrieb {SUPPORT}:",
    "Am 01.07.25 um 12:00 schrieb Example Support:",
    f"Am Dienstag, 1. Juli 2025 um 12:00 Uhr schrieb {SUPPORT}:",
    f"Am Dienstag, 1. Juli 2025 um 12:00:00 MESZ hat {SUPPORT} Folgendes geschrieben:",
    ("Von", "Gesendet", "An", "Betreff", "Datum"),
    "Dienstag, 1. Juli 2025 12:00",
    "Ursprüngliche Nachricht",
    "Weitergeleitete Nachricht",
    "Anfang der weitergeleiteten Nachricht:",
    "Von meinem iPhone gesendet",
    "Outlook für iOS beziehen",
)
FR = Words(
    "fr",
    """Bonjour Madame Berg,

merci pour votre message. De quelle imprimante s'agit-il et qu'affiche-t-elle sur son écran ?
Indiquez-nous aussi le numéro de série : il se trouve à l'arrière, sous la prise du câble.

Cordialement
Ben Meunier
--
Assistance Exemple, https://example.org/aide""",
    """C'est la bleue dans la salle 4, elle affiche « pas de papier ».

Le numéro est 4711-0815.

Anna Berg""",
    "RE: [#T-1] Imprimante",
    f"Le mar. 1 juil. 2025 à 12:00, {SUPPORT} a écrit :",
    f"Le 1 juil. 2025 à 12:00, {SUPPORT} a écrit :",
    "Le 01/07/2025 à 12:00, Example Support a écrit :",
    f"Le mardi 1 juillet 2025 à 12:00, {SUPPORT} a écrit :",
    f"Le mardi 1 juillet 2025 à 12:00:00 UTC+2, {SUPPORT} a écrit :",
    ("De", "Envoyé", "À", "Objet", "Date"),
    "mardi 1 juillet 2025 12:00",
    "Message d'origine",
    "Message transféré",
    "Début du message transféré :",
    "Envoyé de mon iPhone",
    "Obtenez Outlook pour iOS",
)
ES = Words(
    "es",
    """Hola, señora Berg:

gracias por su mensaje. ¿De qué impresora se trata y qué se lee en su pantalla?
Díganos también el número de serie: está en la parte de atrás, debajo de la toma del cable.

Un saludo
Ben Molina
--
Soporte Ejemplo, https://example.org/ayuda""",
    """Es la azul de la sala 4 y pone «sin papel».

El número es 4711-0815.

Anna Berg""",
    "RE: [#T-1] Impresora",
    "El mar, 1 jul 2025 a las 12:00, Example Support (<support@example.org>) escribió:",
    f"El 1 jul 2025, a las 12:00, {SUPPORT} escribió:",
    "El 1/7/25 a las 12:00, Example Support escribió:",
    f"El martes, 1 de julio de 2025 a las 12:00, {SUPPORT} escribió:",
    f"El martes, 1 de julio de 2025, 12:00:00 CEST, {SUPPORT} escribió:",
    ("De", "Enviado", "Para", "Asunto", "Fecha"),
    "martes, 1 de julio de 2025 12:00",
    "Mensaje original",
    "Mensaje reenviado",
    "Inicio del mensaje reenviado:",
    "Enviado desde mi iPhone",
    "Obtener Outlook para iOS",
)
LANGUAGES = (EN, DE, FR, ES)
