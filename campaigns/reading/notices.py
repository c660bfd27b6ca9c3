"""Affiliate disclosures and disclaimers, recognised in the seven known languages wherever they stand on a
page.

A notice speaks of the page itself ("this post contains affiliate links"); an article about affiliate
marketing does not. So a text counts only where a telling phrase and a word for the page or its makers meet
in it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from campaigns.article import Role

_MOST_WORDS = 110
_LONGEST = 1500
_LONGEST_SENTENCE_RUN = 700


@dataclass(frozen=True, slots=True)
class Notice:
    role: Role
    score: float
    reason: str


def _any(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns), re.I)


# Phrases that only a disclosure about the page itself uses.
_DISCLOSES = _any(
    r"\b(?:we|i)(?:['’]ll)? (?:may|might|could|can|will|do)?\s*(?:also )?(?:earn|receive|get|make|be paid"
    r"|be compensated)\b[^.]{0,60}\b(?:commissions?|compensation|referral fee|affiliate|small fee)",
    r"\b(?:earns?|receives?|gets?) (?:me|us)? ?(?:a|an) (?:small |tiny )?(?:affiliate )?commission\b",
    r"amazon (?:services llc )?associates?\b",
    r"\bearn(?:s)? from qualifying purchases",
    r"^\W*(?:affiliate|advertising|sponsorship|ftc) (?:link )?(?:disclosure|disclaimer|notice)",
    r"\b(?:this|today['’]s) (?:post|article|page|video|review|content|episode|newsletter) (?:is|was"
    r"|has been) (?:kindly )?sponsored",
    r"\b(?:post|article|content) (?:is )?(?:a )?paid partnership",
    r"\b(?:erhalten|bekommen|verdienen|erhalte|bekomme|verdiene)\b[^.]{0,50}\b(?:provision|verg[üu]tung)"
    r"|\b(?:provision|verg[üu]tung)\b[^.]{0,40}\b(?:erhalten|bekommen|erhalte|bekomme)\b",
    r"als amazon-?\s?partner verdien",
    r"\b(?:nous|je) (?:pouvons |peux |pourrions |pourrais )?(?:percev|recev|touch|gagn|perç"
    r"|reç)\w*\b[^.]{0,40}\bcommission",
    r"partenaire amazon",
    r"\b(?:podemos|puedo|podríamos|podría|recibimos|recibo|ganamos|gano"
    r"|recibiremos)\b[^.]{0,40}\bcomisi[óo]n",
    r"afiliado de amazon",
    r"\b(?:podemos|posso|poderemos|recebemos|recebo|ganhamos|ganho)\b[^.]{0,40}\bcomiss[ãa]o",
    r"associado (?:da )?amazon",
    r"\b(?:potremmo|potrei|possiamo|posso|riceviamo|ricevo|guadagniamo|guadagno"
    r"|riceveremo)\b[^.]{0,40}\bcommissione",
    r"affiliato amazon",
    r"\b(?:ontvang|ontvangen|krijg|krijgen|verdien|verdienen)\b[^.]{0,50}\bcommissie",
    r"als amazon-?\s?partner verdien",
)

# Terms that disclose only together with a word for the page.
_COMMERCIAL = _any(
    r"affiliate[- ]?links?\b",
    r"\baffiliates?\b",
    r"\bsponsored\b",
    r"\bpaid partnership\b",
    r"\bprovisions-?links?\b",
    r"\b(?:werbe|partner)-?links?\b",
    r"\b(?:enthält|beinhaltet) (?:\w+ )?werbung\b",
    r"\bliens? (?:d['’]affiliation|affili[ée]s?|sponsoris[ée]s?|partenaires?)",
    r"\b(?:article|contenu|billet) sponsoris[ée]",
    r"\bcollaboration commerciale\b",
    r"\benlaces? (?:de )?afiliad[oa]s?\b",
    r"\b(?:contenido|artículo|publicación|entrada) patrocinad[oa]",
    r"\blinks? (?:de )?afiliad[oa]s?\b",
    r"\bligações de afiliad",
    r"\b(?:conteúdo|artigo|post) patrocinad[oa]",
    r"\blink (?:di affiliazione|affiliati?|sponsorizzati?)",
    r"\b(?:contenuto|articolo|post) sponsorizzato",
    r"\bgesponsord",
    r"\bbetaalde samenwerking\b",
)

_THE_PAGE = _any(
    r"\b(?:this|our|my|the following) (?:post|article|page|site|website|web site|blog|guide|review"
    r"|newsletter|video|content|recipe|story)\b",
    r"\b(?:some|all|any|many|most|certain|the) (?:of the |of these |of our |of my )?(?:product )?links?\b",
    r"\b(?:post|article|page|site|blog) (?:may )?contains?\b",
    r"\b(?:dies\w*|unser\w*|mein\w*) (?:blog\W?)?(?:beitrag|artikel|text|seite|website|blog|ratgeber"
    r"|post)\w*\b",
    r"\b(?:beitrag|artikel|seite|blog|post) (?:enthält|beinhaltet)",
    r"\b(?:die|einige|alle|manche|links?)\b[^.]{0,40}\b(?:gekennzeichnet|markiert|sternchen|links)",
    r"\b(?:cet|cette|ce|notre|nos|mon) (?:article|page|site|blog|billet|contenu|guide)\b",
    r"\b(?:certains|les|tous les) liens\b",
    r"\b(?:este|esta|nuestro|nuestra|mi) (?:artículo|página|sitio|blog|entrada|publicación|post|web"
    r"|contenido|guía)\b",
    r"\b(?:algunos|los|todos los) (?:de los )?enlaces\b",
    r"\b(?:este|esta|nosso|nossa|meu) (?:artigo|página|site|blog|post|publicação|conteúdo|texto|guia)\b",
    r"\b(?:alguns|os|todos os) (?:dos )?links\b",
    r"\b(?:questo|questa|quest['’]|il nostro) ?(?:articolo|pagina|sito|blog|post|contenuto|guida)\b",
    r"\b(?:alcuni|i|tutti i) (?:dei )?link\b",
    r"\b(?:dit|deze|ons|mijn) (?:artikel|bericht|pagina|site|website|blog|blogpost|post|gids)\b",
    r"\b(?:sommige|de|alle) (?:van de )?links\b",
)

_NOT_ADVICE = _any(
    r"\b(?:not|never|no) (?:intended |meant |designed )?(?:to be |as |to serve as )?(?:a "
    r"|any )?(?:substitutes?|replacements?)\b",
    r"\b(?:not|n['’]t) (?:intended to |meant to )?(?:replace|substitute)\b",
    r"\bnot (?:intended to )?(?:constitute|provide|offer|give|be construed as)\b[^.]{0,60}\badvice\b",
    r"\b(?:is|are|as) not (?:to be taken as )?(?:\w+,? (?:or )?){0,4}advice\b",
    r"\bfor (?:\w+,? (?:and |or )?){0,4}(?:educational|informational|information"
    r"|entertainment)(?:,? (?:and|or) \w+)? (?:purposes?|use)\b",
    r"\b(?:educational|informational) purposes\b",
    r"\bersetz(?:t|en) (?:\w+ ){0,3}(?:kein|nicht)|\bkein(?:en)? ersatz f[üu]r|\bnicht als ersatz",
    r"\bdien(?:t|en) (?:\w+ ){0,3}(?:der|zur?|dem|allgemeinen) (?:\w+ ){0,3}informations?",
    r"\b(?:keine|nicht als) (?:\w+ ){0,3}(?:beratung|anlageberatung|rechtsberatung|steuerberatung"
    r"|kaufempfehlung)\b",
    r"\bne (?:\w+ ){0,2}(?:remplac|substitu)\w+|\bne saurai\w+ (?:\w+ ){0,3}(?:remplacer|substituer)",
    r"\bà titre (?:\w+ )?(?:informatif|indicatif|éducatif)|\bà des fins (?:\w+ ){0,2}(?:éducatives"
    r"|informatives|d['’]information)",
    r"\bne constitu\w+ (?:pas|en aucun cas) (?:un |des )?(?:avis|conseil)",
    r"\bno (?:sustituy|reemplaz|pretende\w* (?:sustituir|reemplazar)|debe\w* sustituir)\w*"
    r"|\bno es un sustituto",
    r"\bfines (?:\w+ ){0,2}(?:educativos|informativos|divulgativos)|\bcarácter (?:\w+ )?(?:informativo"
    r"|divulgativo)",
    r"\bno constituy\w+ (?:un )?(?:asesoramiento|consejo)",
    r"\bnão (?:substitu|pretende\w* substituir|deve\w* substituir)\w*",
    r"\bfins (?:\w+ ){0,2}(?:educativos|informativos|educacionais)|\bcar[áa]ter (?:\w+ )?informativo",
    r"\bnão constitu\w+ (?:um )?(?:aconselhamento|conselho)",
    r"\bnon (?:intend\w+ )?sostitui\w*",
    r"\bscop(?:o|i) (?:\w+ ){0,2}(?:informativ|educativ|divulgativ|didattic)\w+"
    r"|\ba titolo (?:\w+ )?informativo",
    r"\bnon costitui\w+ (?:un )?(?:consulenza|consigli|parere)",
    r"\b(?:geen|niet ter|niet als) vervanging\b|\bvervang(?:t|en) (?:\w+ ){0,3}(?:geen|niet)",
    r"\b(?:informatieve|educatieve) doeleinden\b|\bgeen (?:medisch|financieel|juridisch"
    r"|professioneel) advies\b",
)

_ADVICE_OR_CONTENT = _any(
    r"\b(?:content|contents|information|material|materials|articles?|posts?|page|site|website|blog"
    r"|newsletter|text)\b",
    r"\b(?:inhalte?|informationen|beitr[aä]g\w*|artikel\w*|texte?|seiten?|website|ratgeber|blog)\b",
    r"\b(?:contenus?|informations?|articles?|pages?|sites?|blog)\b",
    r"\b(?:contenidos?|información|artículos?|páginas?|sitio|blog|texto)\b",
    r"\b(?:conteúdos?|informaç(?:ão|ões)|artigos?|páginas?|site|blog|textos?)\b",
    r"\b(?:contenut[oi]|informazioni|articol[oi]|pagin[ae]|sito|blog|testo)\b",
    r"\b(?:inhoud|informatie|artikel(?:en)?|pagina|site|website|blog|teksten?)\b",
)

_LABELLED = re.compile(
    r"^\W*(?:(?:medical|health|legal|financial|investment)? ?disclaimers?|haftungsausschluss"
    r"|(?:wichtiger |medizinischer |rechtlicher )?hinweis"
    r"|avertissement|clause de non-responsabilité|descargo(?: de responsabilidad)?|aviso (?:legal|médico)"
    r"|aviso|avvertenz[ae]|disclaimer)\s*[:.–—-]",
    re.I,
)


_HEADS_DISCLOSURE = re.compile(
    r"^\W*(?:(?:full |affiliate |advertising |ftc )*(?:link )?disclosures?(?: (?:policy|statement))?"
    r"|affiliate-?hinweis|transparenz-?hinweis|werbe-?hinweis)\W*$",
    re.I,
)
_HEADS_DISCLAIMER = re.compile(
    r"^\W*(?:(?:medical |health |legal |financial |investment )?disclaimers?|haftungsausschluss"
    r"|(?:medizinischer|rechtlicher) hinweis|clause de non-responsabilité|descargo de responsabilidad"
    r"|aviso (?:legal|médico)|isenção de responsabilidade|esclusione di responsabilità)\W*$",
    re.I,
)


def headed(heading: str) -> Notice | None:
    """The notice that a heading of these words stands above; None for the headings of an article."""
    if _HEADS_DISCLOSURE.match(heading):
        return Notice(Role.DISCLOSURE, 0.9, "stands under a heading that calls it a disclosure")
    if _HEADS_DISCLAIMER.match(heading):
        return Notice(Role.DISCLAIMER, 0.9, "stands under a heading that calls it a disclaimer")
    return None


def recognise(text: str) -> Notice | None:
    """The notice that `text`, one block of a page, is; None where it is anything else."""
    words = len(text.split())
    if not 4 <= words <= _MOST_WORDS or len(text) > _LONGEST:
        return None
    if _DISCLOSES.search(text):
        return Notice(Role.DISCLOSURE, 0.97, "says that its makers earn from it")
    if _COMMERCIAL.search(text) and _THE_PAGE.search(text):
        return Notice(Role.DISCLOSURE, 0.93, "names affiliate or sponsored links on this page")
    if _NOT_ADVICE.search(text):
        if _LABELLED.match(text):
            return Notice(Role.DISCLAIMER, 0.97, "is headed as a disclaimer")
        if _ADVICE_OR_CONTENT.search(text):
            return Notice(Role.DISCLAIMER, 0.9, "says that the content is no advice")
    return None


def within(sentences: Iterable[str]) -> tuple[str, Notice] | None:
    """The notice inside a longer paragraph: its first telling sentence with those that follow and tell as
    well."""
    found: list[str] = []
    notice: Notice | None = None
    for sentence in sentences:
        recognised = recognise(sentence)
        if recognised and recognised.score >= 0.93 and (notice is None or notice.role is recognised.role):
            found.append(sentence)
            notice = recognised
        elif found:
            break
    text = " ".join(found)
    return (text, notice) if notice and len(text) <= _LONGEST_SENTENCE_RUN else None
