"""Affiliate disclosures and disclaimers in seven languages, and prose that only speaks about them."""

import pytest

from campaigns.article import Role
from campaigns.reading import boilerplate, read_bytes
from campaigns.reading.notices import recognise
from campaigns.reading.sentences import sentences

DISCLOSURES = [
    "This post contains affiliate links. If you buy something through one of them, we may earn a small "
    "commission.",
    "Disclosure: some of the links below are affiliate links.",
    "As an Amazon Associate I earn from qualifying purchases.",
    "This article is sponsored by a maker of standing desks.",
    "Affiliate Disclosure: I only recommend products I use myself, and I may receive a referral fee.",
    "Dieser Beitrag enthält Affiliate-Links. Wenn du darüber kaufst, erhalten wir eine kleine Provision.",
    "Die mit * gekennzeichneten Links sind Werbelinks.",
    "Als Amazon-Partner verdiene ich an qualifizierten Verkäufen.",
    "Cet article contient des liens affiliés : nous pouvons percevoir une petite commission.",
    "En tant que Partenaire Amazon, je réalise un bénéfice sur les achats remplissant les conditions "
    "requises.",
    "Este artículo contiene enlaces de afiliados: podemos recibir una comisión sin coste para ti.",
    "Este artigo contém links de afiliados. Podemos receber uma comissão sem custo adicional.",
    "Questo articolo contiene link di affiliazione: potremmo ricevere una piccola commissione.",
    "Dit artikel bevat affiliate links. Als je via deze links koopt, ontvangen wij een kleine commissie.",
    "Full disclosure: I get a small cut if you buy through the links on this page.",
    "Contains affiliate links.",
    "This post is in partnership with a maker of oat milk.",
    "I was given this lamp free of charge in exchange for an honest review.",
    "We are reader-supported. When you buy through links on our site, we may earn an affiliate commission.",
    "Enthält Werbelinks",
    "Werbung, da Markennennung",
    "Certains liens de cet article sont affiliés.",
    "Algunos de los enlaces de esta página son de afiliado.",
    "Alguns links neste texto são afiliados.",
    "Alcuni link presenti in questa pagina sono affiliati.",
    "※この記事にはアフィリエイト広告が含まれています。",
    "本文包含联盟链接，如果您通过链接购买，我们可能会获得佣金。",
    "يحتوي هذا المقال على روابط تابعة، وقد نحصل على عمولة صغيرة.",
    "הפוסט מכיל קישורי שותפים, וייתכן שנקבל עמלה קטנה.",
]
DISCLAIMERS = [
    "All content is for educational purposes and is not a substitute for professional medical or "
    "psychological care.",
    "The information on this site is not intended to be a substitute for a doctor's advice.",
    "Nothing on this website should be taken as is: the content does not constitute financial advice, it "
    "is not "
    "intended to provide investment advice.",
    "Disclaimer: this is for informational purposes only.",
    "Die Inhalte dieser Seite ersetzen keine ärztliche Beratung.",
    "Die Informationen dienen ausschließlich der allgemeinen Information und sind keine Rechtsberatung.",
    "Les informations de ce site ne remplacent pas l'avis d'un médecin.",
    "Le contenu de ce site est donné à titre informatif.",
    "El contenido de este sitio tiene fines informativos y no sustituye el consejo de un médico.",
    "O conteúdo deste site tem fins informativos e não substitui a consulta médica.",
    "Le informazioni di questo sito hanno scopo informativo e non sostituiscono il parere del medico.",
    "De informatie op deze site is geen vervanging voor medisch advies.",
    "This guide is for information only and does not replace a visit to your doctor.",
    "This is not medical advice.",
    "I am not a financial advisor; please do your own research.",
    "Deze tekst is alleen bedoeld ter informatie.",
    "この記事は医師の診断に代わるものではありません。",
    "本文内容仅供参考，不构成投资建议。",
    "Este documento tem fins informativos e não substitui a orientação de um técnico.",
]
PROSE = [
    "Affiliate links are how many bloggers earn their living, and the law wants readers to know.",
    "The commission met in Brussels and earned little praise for its report.",
    "She earned a commission on every house she sold that year.",
    "A nap is not a substitute for a night of sleep.",
    "Provisionen machen die Hälfte ihres Gehalts aus.",
    "Walking does not replace medication, and nobody should stop taking theirs.",
    "The school exists for educational purposes, said its founder.",
    "La comisión se reunió el martes en Madrid.",
    "Affiliate marketing is a way to earn money, and this article explains how it works.",
    "In this guide you will learn how to place affiliate links on your blog.",
    "We may earn more in the city, but the commissions are smaller.",
    "Sie erhalten eine Provision für jeden Abschluss, sagt die Vertreterin.",
    "Our editors earn a commission from the school for every student.",
    "本文介绍如何在家里种番茄。",
]


@pytest.mark.parametrize("text", DISCLOSURES)
def test_r19_disclosures_are_recognised(text: str) -> None:
    notice = recognise(text)
    assert notice
    assert notice.role is Role.DISCLOSURE


@pytest.mark.parametrize("text", DISCLAIMERS)
def test_r19_disclaimers_are_recognised(text: str) -> None:
    notice = recognise(text)
    assert notice
    assert notice.role is Role.DISCLAIMER


@pytest.mark.parametrize("text", PROSE)
def test_prose_about_commissions_and_substitutes_stays(text: str) -> None:
    assert recognise(text) is None


def test_r19_a_notice_inside_a_long_paragraph_is_cut_out_verbatim() -> None:
    prose = (
        "A walk asks for nothing but a door and a pair of shoes, and those who take one know what it gives. "
        * 6
    )
    notice = DISCLOSURES[0]
    article = read_bytes(f"A title\n\n{prose}{notice} {prose}\n\n{prose}".encode(), "a.txt", "text")
    assert article.disclosures == (notice,)
    assert "commission" not in " ".join(
        block.text for section in article.sections for block in section.blocks
    )
    assert article.sections[0].blocks[0].text == f"{prose}{prose}".strip()


def test_r19_what_stands_under_a_heading_that_says_so_is_a_notice_and_the_heading_goes() -> None:
    prose = (
        "A walk asks for nothing but a door and a pair of shoes, and those who take one know what it gives."
    )
    parts = (
        f"## Disclaimer\n\nAsk somebody who knows.\n\n## Walking\n\n{prose}\n\n## Money\n\n{DISCLOSURES[0]}"
    )
    text = f"# T\n\n{prose}\n\n{parts}"
    article = read_bytes(text.encode(), "a.md")
    assert article.disclaimers == ("Ask somebody who knows.",)
    assert article.disclosures == (DISCLOSURES[0],)
    assert [section.heading for section in article.sections] == [None, "Walking"]


def test_r19_one_sentence_of_a_paragraph_is_cut_out_and_the_paragraph_stays() -> None:
    prose = (
        "A walk asks for nothing but a door and a pair of shoes, and those who take one know what it gives. "
        * 3
    )
    telling = "Nothing in this article is medical advice."
    article = read_bytes(f"# T\n\n{prose}{telling} {prose}".encode(), "a.md")
    assert article.disclaimers == (telling,)
    assert article.sections[0].blocks[0].text == f"{prose}{prose}".strip()


def test_r19_the_same_notice_twice_on_a_page_is_one() -> None:
    prose = (
        "A walk asks for nothing but a door and a pair of shoes, and those who take one know what it gives."
    )
    article = read_bytes(
        f"T\n\n{DISCLOSURES[0]}\n\n{prose}\n\n{prose}\n\n{DISCLOSURES[0]}".encode(), "a.txt", "text"
    )
    assert article.disclosures == (DISCLOSURES[0],)


@pytest.mark.parametrize(
    "text",
    [
        "Related Posts",
        "You may also like",
        "Leave a Reply",
        "Share this:",
        "About the author",
        "Tags: a, b",
        "5 min read",
        "Ähnliche Beiträge",
        "Kommentar verfassen",
        "Veröffentlicht in: Aktuell",
        "Das könnte dich auch interessieren",
        "Articles similaires",
        "Laisser un commentaire",
        "Entradas relacionadas",
        "Deja un comentario",
        "Artigos relacionados",
        "Deixe um comentário",
        "Articoli correlati",
        "Lascia un commento",
        "Gerelateerde berichten",
        "Geef een reactie",
        "By Jane Doe",
        "Von Max Mustermann",
        "12. März 2024",
        "March 12, 2024",
        "2024-03-12",
        "© 2024 Somebody",
        "Previous post",
        "Partager :",
        "Inhalt",
        "Keine Beiträge",
        "By Jane Doe | May 3, 2024 | 4 min read",
        "作者：林晓",
        "関連記事",
        "مقالات ذات صلة",
        "השאירו תגובה",
        "The post On walking appeared first on Quiet Path.",
        "Der Beitrag Vom Gehen erschien zuerst auf Stille Wege.",
        "15 » Comments",
        "Discussion about this post",
        "Was this article helpful?",
        "Thanks for reading Quiet Path! Subscribe for free to receive new posts and support my work.",
        "Quiet Path is a reader-supported publication. To receive new posts, consider becoming a subscriber.",
        "Read this next",
        "Recommended from Medium",
        "Medically reviewed by Jane Doe, MD",
        "Last medically reviewed on March 3, 2024",
        "1.2K Followers",
        "Reader Interactions",
        "Read more: Why sleep matters",
        "You are receiving this email because you signed up on our page.",
        "View this email in your browser",
        "Copyright 2024 Quiet Path. Want to change what you get? You can unsubscribe from this list.",
    ],
)
def test_the_pages_own_words_are_recognised(text: str) -> None:
    assert boilerplate.recognise(text)


@pytest.mark.parametrize(
    "text",
    [
        "Next steps",
        "Share the load",
        "Join the dots",
        "Newsletter design that works",
        "By train to Paris",
        "Related work",
        "3. Responses to stress",
        "Reviewed: three books on sleep",
        "Followers and leaders",
        "Read more poetry",
        "Copyright and its limits",
        "Published in 2019, the book sold better than anyone had expected.",
        "Comments on the law",
        "Older and wiser",
        "Contact with nature",
        "Search engines",
        "Von Berlin nach Rom",
        "Di corsa verso casa",
        "May I ask?",
        "Home cooking",
        "文化的力量",
        "分类整理的方法",
        "人気の記事を書くコツ",
        "شارك ما قرأت",
    ],
)
def test_headings_that_begin_like_them_stay(text: str) -> None:
    assert boilerplate.recognise(text) is None


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("One. Two! Three? Four", ["One.", "Two!", "Three?", "Four"]),
        ("Dr. Smith met Mr. J. Doe. They spoke.", ["Dr. Smith met Mr. J. Doe.", "They spoke."]),
        ("It costs e.g. 3.50 or so. Fine.", ["It costs e.g. 3.50 or so.", "Fine."]),
        ("Das gilt z. B. Montags. Sonst nicht.", ["Das gilt z. B. Montags.", "Sonst nicht."]),
        ("“Really?” she asked. “Yes.” He left.", ["“Really?” she asked.", "“Yes.”", "He left."]),
        ("これは文です。次の文。", ["これは文です。", "次の文。"]),
        ("هل تنام؟ نعم.", ["هل تنام؟", "نعم."]),
        ("", []),
    ],
)
def test_sentences(text: str, parts: list[str]) -> None:
    assert sentences(text) == parts
