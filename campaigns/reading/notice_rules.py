"""What disclosures and disclaimers say, language by language: the tables behind `notices`.

A rule is a row of patterns that must all be met in one sentence. Each asks for more than the subject: that
somebody speaks of this page or of its makers.
"""

from __future__ import annotations

import re

Rule = tuple[re.Pattern[str], ...]


def _rule(*patterns: str) -> Rule:
    return tuple(re.compile(pattern, re.I) for pattern in patterns)


_PAGE_EN = (
    r"\b(?:this|our|my|the following) (?:\w+ )?(?:post|article|page|site|website|web ?site|blog|guide"
    r"|review|document"
    r"|newsletter|video|content|recipe|story|list|email)\b|\b(?:some|all|any|many|most"
    r"|certain) (?:of the |of these |of our "
    r"|of my )?(?:product )?links?\b|\b(?:the )?(?:post|article|page|site|blog|links?) (?:may |below "
    r"|above |marked )"
    r"|^\W*(?:the )?(?:post|article|page|site|blog)? ?(?:contains?|includes?)\b"
)
_PAGE_DE = (
    r"\b(?:dies\w*|unser\w*|mein\w*) (?:\w+ )?(?:blog\W?)?(?:beitrag|artikel|text|seite|website|blog"
    r"|ratgeber|post|video"
    r"|rezept|newsletter)\w*\b|\b(?:beitrag|artikel|seite|blog|post) (?:enthält|beinhaltet)"
    r"|^\W*(?:enthält|beinhaltet)\b"
    r"|\b(?:einige|manche|alle|links?|die)\b[^.]{0,40}\b(?:gekennzeichnet|markiert|sternchen|hier|auf dieser)"
    r"|\b(?:einige|manche|alle) (?:der )?(?:\w+ )?links\b"
)
_PAGE_FR = (
    r"\b(?:cet|cette|ce|notre|nos|mon) (?:article|page|site|blog|billet|contenu|guide|texte|vidéo"
    r"|newsletter)\b"
    r"|\b(?:certains|plusieurs|quelques|tous les) (?:des )?liens\b|\bles liens (?:marqués|suivis"
    r"|présents|de|ci)"
)
_PAGE_ES = (
    r"\b(?:este|esta|nuestro|nuestra|mi) (?:artículo|página|sitio|blog|entrada|publicación|post|web"
    r"|contenido|guía|texto"
    r"|vídeo|reseña)\b|\b(?:algunos|varios|todos los) (?:de los )?enlaces\b|\blos enlaces (?:de|marcados"
    r"|con)\b"
)
_PAGE_PT = (
    r"\b(?:este|esta|neste|nesta|deste|desta|nosso|nossa|meu) (?:artigo|página|site|blog|post|publicação"
    r"|conteúdo|texto"
    r"|guia|vídeo)\b|\b(?:alguns|vários|todos os) (?:dos )?(?:links|ligações)\b|\bos links (?:de"
    r"|marcados|com)\b"
)
_PAGE_IT = (
    r"\b(?:questo|questa|quest['’]|il nostro|il mio) ?(?:articolo|pagina|sito|blog|post|contenuto|guida"
    r"|testo|video)\b"
    r"|\b(?:alcuni|tutti i) (?:dei )?link\b|\bi link (?:contrassegnati|con|in|presenti|di)\b"
)
_PAGE_NL = (
    r"\b(?:dit|deze|ons|onze|mijn) (?:artikel|bericht|pagina|site|website|blog\w*|post|gids|tekst|video)\b"
    r"|\b(?:sommige|alle|enkele) (?:van de )?links\b|\blinks (?:met|in|op)\b|^\W*bevat\b"
)

DISCLOSURES: tuple[Rule, ...] = (
    # English
    _rule(
        r"\b(?:we|i)(?:['’]ll)?(?: may| might| could| can| will| do)?(?: also| sometimes)? (?:earn"
        r"|receive|get|make)\b"
        r"(?: an?| some| the)?(?: \w+){0,3} (?:commissions?|referral fees?|affiliate (?:fees?|income"
        r"|revenue))\b"
    ),
    _rule(
        r"\b(?:we|i)\b[^.]{0,30}\b(?:earn|receive|get|make|paid|compensat\w+)\b",
        r"\b(?:percentage|cut|fees?|commissions?|compensat\w+|paid)\b",
        r"\blinks\b|\baffiliates?\b|\b(?:through|via|using) (?:a|any|my|our|this|these|the) links?\b",
    ),
    _rule(
        r"\b(?:earn|receive|get)s?\b(?: \w+){0,4} commissions?\b",
        r"\b(?:our|these|this|my) links?\b|\blinks (?:on|in|below|above)\b",
    ),
    _rule(
        r"\bamazon (?:services llc )?(?:associates?|affiliates?)\b",
        r"\b(?:i|we|our|participants?|participates)\b",
    ),
    _rule(r"\bearns? from qualifying purchases"),
    _rule(
        r"^\W*(?:affiliate|advertising|sponsorship|ftc) (?:link )?(?:disclosure|disclaimer"
        r"|notice)\b\s*[:.–—-]"
    ),
    _rule(
        r"\b(?:this|today['’]s) (?:post|article|page|video|review|content|episode|newsletter"
        r"|issue) (?:is|was|has been) "
        r"(?:kindly |proudly )?(?:sponsored\b|brought to you by)"
    ),
    _rule(
        r"\b(?:post|article|content|video)\b",
        r"\b(?:paid |in |commercial )(?:partnership|collaboration) with\b",
    ),
    _rule(r"^\W*(?:sponsored by|(?:paid |in )?partnership with)(?: [\w&.’'-]+){1,5}\W*$"),
    _rule(
        r"\b(?:free of charge|for free|free samples?|complimentary|gifted)\b",
        r"\b(?:honest|unbiased)\b",
        r"\b(?:i|we)\b",
    ),
    _rule(r"\bgifted (?:items?|products?)\b", _PAGE_EN),
    _rule(
        r"\b(?:affiliate|referral|sponsored|paid)(?: \w+){0,3} links?\b|\bsponsored content\b"
        r"|\baffiliate (?:program|partner)",
        r"\b(?:contains?|includes?|uses?|features?|has|have|participa\w+)\b",
        _PAGE_EN,
    ),
    _rule(r"\blinks?\b[^.]{0,60}\b(?:are|is|be)\b[^.]{0,30}\b(?:affiliate|referral|sponsored|paid)\b"),
    _rule(
        r"^\W*(?:contains |includes )?(?:affiliate|referral|paid|sponsored) links?(?: included| below"
        r"| ahead)?\W*$"
    ),
    # German
    _rule(
        r"\b(?:wir|ich|uns|mir)\b",
        r"\b(?:erh[aä]lt|bekomm|verdien|gezahlt)\w*",
        r"\b(?:provision|vergütung|werbekostenerstattung|kommission)\w*",
    ),
    _rule(r"als amazon-?\s?partner verdien"),
    _rule(
        r"(?:affiliate|provisions?|werbe|partner|sponsored)-?\s?links?\b|\b(?:enthält"
        r"|beinhaltet) (?:\w+ )?werbung",
        _PAGE_DE,
    ),
    _rule(r"^\W*(?:enthält )?(?:affiliate|provisions?|werbe|partner)-?\s?links?\W*$"),
    _rule(r"^\W*(?:(?:un)?bezahlte )?(?:werbung|anzeige)\s*[,:|/–—-]\s*\S"),
    _rule(
        _PAGE_DE,
        r"\b(?:zusammenarbeit|kooperation|unterstützung)\b",
        r"\b(?:entstanden|gesponsert|bezahlt\w*)\b",
    ),
    _rule(_PAGE_DE, r"\bgesponsert\b"),
    # French
    _rule(r"\b(?:nous|je)\b|\bj['’]", r"\b(?:perc|perç|recev|reç|touch|gagn)\w*", r"\bcommissions?\b"),
    _rule(r"partenaire (?:d['’])?amazon", r"\b(?:je|nous|réalis\w+|bénéfice)\b"),
    _rule(r"\bliens?\b[^.]{0,60}\b(?:affili\w+|sponsoris\w+|partenaires?|d['’]affiliation)\b", _PAGE_FR),
    _rule(
        r"\b(?:article|contenu|billet) (?:est )?sponsoris[ée]|\bcollaboration commerciale\b",
        _PAGE_FR + r"|^\W*(?:article|billet)",
    ),
    # Spanish
    _rule(
        r"\b(?:recib|gan|obten|percib|llev)\w*\b",
        r"\b(?:comisi[oó]n|comisiones)\b",
        r"\b(?:enlaces?|links?|compr\w+|coste)\b",
    ),
    _rule(r"\bafiliad[oa]s? de amazon|programa de afiliados de amazon"),
    _rule(r"\b(?:enlaces?|links?)\b[^.]{0,60}\bafiliad[oa]s?\b|\bpatrocinad[oa]\b", _PAGE_ES),
    # Portuguese
    _rule(r"\b(?:receb|ganh)\w*\b", r"\bcomiss(?:ão|ões)\b", r"\b(?:links?|ligações|compr\w+|custo)\b"),
    _rule(r"\b(?:associad[oa]|afiliad[oa]) (?:da|de) amazon"),
    _rule(r"\b(?:links?|ligações)\b[^.]{0,60}\bafiliad[oa]s?\b|\bpatrocinad[oa]\b", _PAGE_PT),
    # Italian
    _rule(
        r"\b(?:ricev|guadagn|percep)\w*\b",
        r"\b(?:commission[ei]|provvigion[ei])\b",
        r"\b(?:link|acquist\w+|cost[oi])\b",
    ),
    _rule(r"\baffiliat[oi] (?:di )?amazon"),
    _rule(
        r"\blink\b[^.]{0,60}\b(?:affiliat[oi]|affiliazione|sponsorizzat[oi])\b|\bsponsorizzat[oa]\b", _PAGE_IT
    ),
    # Dutch
    _rule(
        r"\b(?:ontvang|krijg|verdien)\w*\b",
        r"\b(?:commissie|vergoeding|provisie)\b",
        r"\b(?:links?|kop[ea]n|koopt?|aankop\w*|bestelt?|kosten)\b",
    ),
    _rule(r"als amazon-?\s?partner verdien"),
    _rule(r"\baffiliate-?\s?links?\b|\b(?:gesponsord|betaalde samenwerking)\b", _PAGE_NL),
    # Japanese, Chinese, Korean
    _rule(
        r"(?:本|当|この)(?:記事|ページ|サイト|ブログ|コンテンツ)[^。]{0,40}(?:アフィリエイト|プロモーション|広告|ＰＲ|PR)"
    ),
    _rule(
        r"アマゾン・?アソシエイト|amazonアソシエイト|アフィリエイト(?:リンク|広告)[^。]{0,20}(?:含|利用|使用|掲載)"
    ),
    _rule(
        r"(?:本文|本站|本页|本頁|本网站|本網站|文中)[^。]{0,40}(?:联盟|聯盟|推广链接|推廣連結|返利|佣金|广告合作|affiliate)"
    ),
    _rule(r"(?:我们|我們|我|本站|作者)[^。]{0,30}(?:佣金|返佣|分润)", r"(?:链接|連結|购买|購買)"),
    _rule(r"수수료를 (?:제공)?받|제휴 링크"),
    # Arabic, Hebrew
    _rule(r"(?:رابط|روابط)[^.]{0,40}(?:تابعة|بالعمولة|تسويقية|أفلييت|إحالة)"),
    _rule(r"(?:نحصل|أحصل|نتلقى|أتلقى|نكسب|أكسب)[^.]{0,40}عمولة"),
    _rule(r"(?:קישורי|קישורים|לינקים)[^.]{0,30}(?:שותפים|אפיליאייט|שיווקיים|ממומנים)"),
    _rule(r"(?:נקבל|אקבל|מקבלים|מקבל|נרוויח)[^.]{0,40}עמלה|עמלה[^.]{0,20}(?:נקבל|אקבל)"),
)

_CONTENT = (
    r"\b(?:contents?|information|materials?|articles?|posts?|page|site|website|blog|newsletter|text|guide|document|video"
    r"|podcast|course|recipes?|views|opinions|everything)\b"
    r"|\b(?:inhalte?n?|informationen|angaben|beitr[aä]g\w*|artikel\w*|texte?|dokumente?|kurse?|videos?|seiten?|website|ratgeber|blog)\b"
    r"|\b(?:contenus?|informations?|articles?|documents?|cours|vidéos?|pages?|sites?|blog|textes?|conseils)\b"
    r"|\b(?:contenidos?|información|artículos?|documentos?|cursos?|vídeos?|páginas?|sitio|web|blog|textos?|guía)\b"
    r"|\b(?:conteúdos?|informaç(?:ão|ões)|artigos?|documentos?|cursos?|vídeos?|páginas?|site|blog|textos?|guia)\b"
    r"|\b(?:contenut[oi]|informazioni|articol[oi]|document[oi]|cors[oi]|video|pagin[ae]|sito|blog|test[oi]|guida)\b"
    r"|\b(?:inhoud|informatie|artikel(?:en)?|document(?:en)?|cursus(?:sen)?|pagina|site|website|blog|tekst(?:en)?)\b"
)
_ADVICE_EN = r"(?:medical|legal|financial|investment|professional|tax|health|psychological|nutritional)"

_COUNSEL_EN = (
    r"\b(?:advice|advis\w+|care|consult\w*|treatment|diagnos\w+|doctor\w*|physicians?|professionals?|therap\w+"
    r"|lawyers?|counsel\w*|gp)\b"
)

_NOT_ADVICE = (
    r"\b(?:not|never|no) (?:intended |meant |designed )?(?:to be |as |to serve as )?(?:a "
    r"|any )?(?:substitutes?"
    rf"|replacements?)\b[^.]{{0,80}}{_COUNSEL_EN}",
    rf"\b(?:not|n['’]t) (?:intended to |meant to )?(?:replace|substitute)\b[^.]{{0,80}}{_COUNSEL_EN}",
    r"\bnot (?:intended to )?(?:constitute|provide|offer|give|be construed as)\b[^.]{0,60}\badvice\b",
    r"\b(?:is|are|as) not (?:to be taken as )?(?:\w+,? (?:or )?){0,4}advice\b",
    r"\bfor (?:\w+,? (?:and |or )?){0,4}(?:educational|informational|information|entertainment)"
    r"(?:,? (?:and|or) \w+)? (?:purposes?|use|only(?= and\b|[,.;]|$))",
    r"\b(?:educational|informational) purposes\b",
    r"\bersetz(?:t|en) (?:\w+ ){0,3}(?:kein|nicht)|\bkein(?:en)? ersatz f[üu]r|\bnicht als ersatz",
    r"\bdien(?:t|en) (?:\w+ ){0,3}(?:der|zur?|dem|allgemeinen) (?:\w+ ){0,3}information",
    r"\b(?:keine|nicht als) (?:\w+ ){0,3}(?:beratung|anlageberatung|rechtsberatung|steuerberatung"
    r"|kaufempfehlung)\b",
    r"\bne (?:\w+ ){0,2}(?:remplac|substitu)\w+|\bne saurai\w+ (?:\w+ ){0,3}(?:remplacer|substituer)",
    r"\bà titre (?:\w+ )?(?:informatif|indicatif|éducatif)|\bà des fins (?:\w+ ){0,2}(?:éducatives"
    r"|informatives"
    r"|d['’]information)",
    r"\bne constitu\w+ (?:pas|en aucun cas) (?:un |des )?(?:avis|conseil)",
    r"\bno (?:sustituy|reemplaz|pretende\w* (?:sustituir|reemplazar)|debe\w* sustituir)\w*"
    r"|\bno es un sustituto",
    r"\bfines (?:\w+ ){0,2}(?:educativos|informativos|divulgativos)"
    r"|\bcarácter (?:\w+ )?(?:informativo|divulgativo)",
    r"\bno constituy\w+ (?:un )?(?:asesoramiento|consejo)",
    r"\bnão (?:substitu|pretende\w* substituir|deve\w* substituir)\w*",
    r"\bfins (?:\w+ ){0,2}(?:educativos|informativos|educacionais)|\bcar[áa]ter (?:\w+ )?informativo",
    r"\bnão constitu\w+ (?:um )?(?:aconselhamento|conselho)",
    r"\bnon (?:intend\w+ )?sostitui\w*",
    r"\bscop(?:o|i) (?:\w+ ){0,2}(?:informativ|educativ|divulgativ|didattic)\w+"
    r"|\ba titolo (?:\w+ )?informativo",
    r"\bnon costitui\w+ (?:un )?(?:consulenza|consigli|parere)",
    r"\b(?:geen|niet ter|niet als) vervanging\b|\bvervang(?:t|en) (?:\w+ ){0,3}(?:geen|niet)",
    r"\b(?:informatieve|educatieve) doeleinden\b|\bter (?:algemene )?informatie\b|\bgeen (?:medisch"
    r"|financieel"
    r"|juridisch|professioneel) advies\b",
)
DISCLAIMERS: tuple[Rule, ...] = (
    *(_rule(pattern, _CONTENT) for pattern in _NOT_ADVICE),
    _rule(
        r"\b(?:this|nothing|none of this|it)\b[^.]{0,40}\b(?:is|should be|constitutes?|counts as)\b[^.]{0,25}"
        rf"\b{_ADVICE_EN}(?:,? or \w+)? advice",
        r"\b(?:not|nothing|none|never)\b|n['’]t\b",
    ),
    _rule(
        r"\b(?:i am|i['’]m|we are|we['’]re|the author is) not (?:an?|your) (?:\w+ ){0,3}(?:doctor"
        r"|physician|lawyer"
        r"|attorney|therapist|advis[eo]r|professional|dietitian|accountant)",
        r"\badvice\b|\bown research\b|\binformation(?:al)?\b",
    ),
    _rule(
        r"\bseek the advice of (?:your|an?) (?:\w+ )?(?:physician|doctor|attorney|lawyer|health"
        r"|qualified|professional)"
    ),
    _rule(r"\bnot been evaluated by the food and drug administration|\bnot intended to diagnose, treat"),
    _rule(r"^\W*keine (?:anlage|rechts|steuer)beratung\W*$"),
    _rule(
        r"(?:医師|専門家|医療|診断|助言)[^。]{0,40}(?:代わる|代わり|替わる|代替)[^。]{0,20}(?:ません|ない)"
    ),
    _rule(r"(?:情報提供)(?:のみ)?を目的"),
    _rule(
        r"(?:仅供参考|僅供參考|不构成|不構成|不能(?:替代|代替|取代))",
        r"(?:本文|本站|内容|內容|信息|資訊|网站|網站|文章)",
    ),
    _rule(
        r"(?:لا|ليس|ليست) (?:\w+ )?(?:يغني|تغني|بديلا|بديلًا|بديل|يشكل|تشكل|يعد|تعد)",
        r"(?:محتوى|معلومات|مقال|موقع)",
    ),
    _rule(r"(?:אינו|אינם|אינה|אין)[^.]{0,30}(?:תחליף|ייעוץ)", r"(?:מידע|תוכן|מאמר|אתר|פוסט)"),
)

# Every rule needs one of these; passing by sentences without any halves the time a long article takes.
HINT = re.compile(
    r"affil|afil|com+is|kommis|provi|vergoed|vergüt|werb|anzeige|amazon|qualif|sponso|patroc|gespons|partner|parten"
    r"|collab|zusammenarbeit|kooperation|unterstützung|referral|compensat|percentage|fees?\b|cut\b|paid|gifted|free"
    r"|complimentary|advi|substitut|replace|purposes|only|educati|ers[ae]tz|inform|beratung|empfehl|rempla|avis|conseil"
    r"|indicatif|éducati|sustitu|reempla|divulg|asesor|consejo|substitu|aconselh|conselho|sostitui|didatt|consulen"
    r"|consigl|parere|vervang|doeleinden|evaluated|diagnose|[\u0590-\u06ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]",
    re.I,
)
