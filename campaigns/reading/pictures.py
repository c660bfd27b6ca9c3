"""Alternative texts of pictures that were copied along with a text and now stand alone between its
paragraphs.

They describe what is to be seen: a noun phrase, a participle, no finite verb.
"""

from __future__ import annotations

import re

_MOST_WORDS = 40
_LONGEST = 400

_SEEN = {
    "en": r"(?:(?:a|an|the|two|three|several|young|old|older|elderly|smiling|happy|stressed|sad"
    "|close-?up|aerial|black and white|top) )*"
    r"(?:person|people|woman|women|man|men|girl|boy|child|children|kid|kids|couple|family|group|team"
    r"|hands?|face|portrait|photo(?:graph)?|picture|image"
    r"|illustration|diagram|infographic|graphic|chart|graph|screenshot|screen shot|drawing|painting"
    r"|sketch|map|close-?up|view|silhouette|icon|logo|banner"
    r"|cover|collage|poster|rendering|x-ray|scan)",
    "de": r"(?:(?:ein|eine|einen|zwei|drei|mehrere|junge[rs]?|alte[rs]?|ältere[rs]?|lächelnde[rs]?) )*"
    r"(?:person(?:en)?|menschen|frau(?:en)?|mann|männer|kind(?:er)?|paar|familie|gruppe|foto|bild"
    r"|abbildung|illustration|diagramm|grafik|screenshot"
    r"|zeichnung|gemälde|karte|nahaufnahme|porträt|luftaufnahme|logo)",
    "fr": r"(?:(?:une?|deux|trois|plusieurs|jeune|vieille?) )*"
    r"(?:personnes?|femmes?|hommes?|enfants?|couple|famille|groupe|photo(?:graphie)?|image|illustration"
    r"|diagramme|graphique|capture d['’]écran|dessin|carte|gros plan|portrait|logo)",
    "es": r"(?:(?:una?|dos|tres|varias|joven) )*"
    r"(?:personas?|mujer(?:es)?|hombres?|niños?|niñas?|pareja|familia|grupo|foto(?:grafía)?|imagen"
    r"|ilustración|diagrama|gráfico|captura de pantalla|dibujo|mapa|primer plano|retrato|logo)",
    "pt": r"(?:(?:uma?|duas|dois|três|várias|jovem) )*"
    r"(?:pessoas?|mulher(?:es)?|homens?|homem|crianças?|casal|família|grupo|foto(?:grafia)?|imagem"
    r"|ilustração|diagrama|gráfico|captura de (?:ecrã|tela)|desenho|mapa|retrato|logo)",
    "it": r"(?:(?:una?|due|tre|diverse|giovane) )*"
    r"(?:person[ae]|donn[ae]|uom(?:o|ini)|bambin[oi]|coppia|famiglia|gruppo|foto(?:grafia)?|immagine"
    r"|illustrazione|diagramma|grafico|screenshot|disegno|mappa|primo piano|ritratto|logo)",
    "nl": r"(?:(?:een|twee|drie|meerdere|jonge|oude) )*"
    r"(?:persoon|mensen|vrouw(?:en)?|man(?:nen)?|kind(?:eren)?|stel|gezin|groep|foto|afbeelding"
    r"|illustratie|diagram|grafiek|screenshot|tekening|kaart|close-?up|portret|logo)",
}
_OPENS = re.compile(rf"^(?:{'|'.join(_SEEN.values())})\b", re.I)

_SHOWS = re.compile(
    r"\b(?:[a-z]{3,}ing|shown|depicted|seen|made|surrounded|seated|dressed|taken|of|[a-zäöü]{3,}(?:end"
    r"|ende[nrms]?)|représentant|montrant|illustrant"
    r"|[a-zé]{3,}ant|[a-zñ]{3,}[aei]ndo|mostrando|representando|[a-z]{3,}(?:ante|ente)|die|der|das|qui"
    r"|que|che|met|mit|von|avec|con|com)\b",
    re.I,
)
# Words that only a whole sentence has: auxiliaries and subjects.
_FINITE = re.compile(
    r"\b(?:is|are|was|were|am|be|been|has|have|had|do|does|did|can|could|will|would|shall|should|may"
    r"|might|must|isn['’]t|aren['’]t|don['’]t|doesn['’]t"
    r"|i|you|we|they|he|she|it|need|needs|want|wants|make|makes|feel|feels|know|often|never|always"
    r"|ist|sind|war|waren|wird|werden|hat|haben|kann|können|muss|müssen|soll|sollte|ich|du|wir|sie|es|man"
    r"|est|sont|était|étaient|ont|peut|peuvent|doit|doivent|je|tu|nous|vous|ils|elles|il|elle"
    r"|es|son|era|eran|está|están|tiene|tienen|puede|pueden|debe|deben|yo|nosotros|ellos|ellas"
    r"|são|foi|estão|tem|têm|pode|podem|deve|devem|eu|nós|eles|elas"
    r"|è|sono|erano|hanno|può|possono|deve|devono|io|noi|loro"
    r"|zijn|waren|heeft|hebben|wordt|worden|kan|kunnen|moet|moeten|ik|jij|wij|zij|het)\b",
    re.I,
)
_LABELLED = re.compile(
    r"^(?:image|photo|picture|illustration|figure|bild|foto|abbildung|imagen|imagem|immagine"
    r"|afbeelding)(?: (?:of|showing|by|credit|source|von|de|di|van))?\s*[:\d]"
    r"|^(?:image|photo|picture|screenshot|illustration|diagram|infographic|graphic) (?:of|showing"
    r"|depicting|illustrating)\b",
    re.I,
)
_PICTURE_OF = re.compile(
    r"^(?:(?:an?|the|une?|un|een|ein|eine|una|uma) )?(?:photo(?:graph)?|picture|screenshot|illustration"
    r"|diagram|infographic|graphic|chart|graph"
    r"|foto|abbildung|diagramm|grafik|graphique|diagramme|capture d['’]écran|gr[áa]fico|diagrama"
    r"|diagramma|captura de (?:pantalla|ecrã|tela)|schermata"
    r"|ilustración|ilustração|illustrazione|afbeelding|grafiek|illustratie)"
    r" (?:of|showing|with|von|der|des|du|de|de la|del|dei|della|degli|delle|do|da|dos|das|di|van|met|mit) ",
    re.I,
)
# A scene: something, and twice where it is to be seen, or what it is doing there.
_SOMETHING = re.compile(
    r"^(?:an?|two|three|several|une?|deux|ein(?:e|en)?|zwei|drei|una?|dos|tres|uma?|dois|duas|een|twee)\b",
    re.I,
)
_PLACED = re.compile(
    r"\b(?:on|in|under|against|at|behind|along|inside|near) an?\b|\b(?:beside|next to|in front of)\b"
    r"|\b(?:auf|in|unter|vor|hinter|an) (?:einem|einer)\b|\bneben\b"
    r"|\b(?:sur|dans|sous|contre|derrière) une?\b|\b(?:devant|près d|à côté d)"
    r"|\b(?:sobre|en|bajo|contra) una?\b|\b(?:junto al?|al lado de|delante de)\b"
    r"|\b(?:sobre|em) uma?\b|\bnuma?\b|\bao lado d|\bem frente"
    r"|\b(?:su|in|sotto|contro) una?\b|\b(?:accanto al?|davanti al?|vicino al?)"
    r"|\b(?:op|in|onder|voor|achter|tegen) een\b|\bnaast\b",
    re.I,
)
_BUSY = re.compile(
    r"^\w+ (?:(?!(?:to|of|for|about|on|in|at|by)\b)\w+ ){1,3}?\w{3,}ing "
    r"(?:on|in|at|against|along|down|up|through|from|over|by) (?:an?|the|his|her|their)\b",
    re.I,
)
_FILE_NAME = re.compile(r"^[\w-]+\.(?:jpe?g|png|gif|webp|svg|heic)$|^(?:IMG|DSC)[_-]?\d+$", re.I)


def is_alternative_text(text: str) -> bool:
    """Whether a line that stands alone describes a picture that is not there."""
    words = text.split()
    if len(words) > _MOST_WORDS or len(text) > _LONGEST:
        return False
    if _FILE_NAME.match(text) or (_LABELLED.match(text) and not _FINITE.search(text)):
        return True
    if _PICTURE_OF.match(f"{text} ") and not text.endswith("?") and not _FINITE.search(text):
        return True
    if len(words) < 4 or text.endswith(("?", "!", ":")) or re.search(r"[.!?]\s+\w", text):
        return False
    if _is_scene(text):
        return True
    opening = _OPENS.match(text)
    if not opening:
        return False
    rest = text[opening.end() :]
    return _SHOWS.search(rest) is not None and _FINITE.search(rest) is None


def _is_scene(text: str) -> bool:
    if len(text.split()) < 7 or not _SOMETHING.match(text) or ":" in text or _FINITE.search(text):
        return False
    return sum(1 for _ in _PLACED.finditer(text)) >= 2 or _BUSY.match(text) is not None
