"""Blocks that belong to the page and not to the article, by what they say: share bars, related posts,
comment forms, bylines, dates. In the languages the product knows; every pattern is anchored, so that prose
that mentions them is kept."""

from __future__ import annotations

import re
from dataclasses import dataclass

NAVIGATION = "is navigation"

_MOST_WORDS = 16
_LONGEST = 400
_MOST_WORDS_OF_A_FORM = 40


@dataclass(frozen=True, slots=True)
class Boilerplate:
    """`ends_article`: what follows it to the end of the page belongs to the page as well; `interrupts`:
    unless a heading shows that the article goes on."""

    reason: str
    score: float
    ends_article: bool
    interrupts: bool = False


def _starts(*patterns: str) -> re.Pattern[str]:
    return re.compile(r"^\W*(?:" + "|".join(patterns) + ")", re.I)


def _is(*patterns: str) -> re.Pattern[str]:
    return re.compile(r"^\W*(?:" + "|".join(patterns) + r")\W*$", re.I)


# One other article, named on the same line: the text goes on below.
_POINTER = _starts(
    r"(?:(?:read|see) also|also read|read (?:more|next)|main article"
    r"|(?:lesen sie|lies|lest|siehe) auch|mehr zum thema"
    r"|[àa] (?:lire|voir)(?: (?:aussi|également))?|(?:lire|voir|lisez) (?:aussi|également)"
    r"|(?:lee|lea|ver|véase) (?:también|además)|te puede interesar|(?:leia|veja) (?:também|mais)"
    r"|(?:leggi|vedi) anche|(?:lees|zie) ook)\s*[:：]\s*\S",
)

_RELATED = _starts(
    r"related\W*$",
    r"(?:related|similar) (?:posts?|articles?|reading|stories|content|topics|links|pages|news)\b",
    r"(?:you )?(?:may|might)(?: also)? (?:also )?(?:like|enjoy|be interested)",
    r"(?:read|up) next\b",
    r"keep reading\b|read this next\b|recommended from \w+\W*$",
    r"(?:more |our )?must-?\s?reads?\b",
    r"(?:more|latest|other) (?:from (?:the|our|this)|posts|articles|stories)\b",
    r"(?:recommended|recent|popular|latest|trending|featured) (?:for you|posts?|comments?|articles?"
    r"|stories|reading|content)\b",
    r"(?:ähnliche|verwandte|weitere|neueste|letzte|beliebte|aktuelle) (?:beiträge|artikel|themen"
    r"|kommentare|posts|nachrichten)\b",
    r"das könnte (?:sie|dich|euch|ihnen|dir) (?:auch|ebenfalls)",
    r"(?:mehr|weiteres) zum thema\b",
    r"(?:lesen sie|lies|lest) auch\b",
    r"articles? (?:similaires?|liés?|connexes?|récents?|recommandés?|associés?)\b",
    r"(?:à lire|lire|voir|lisez) (?:aussi|également)\b",
    r"(?:vous|tu) (?:aimer(?:ez|as)|pourri(?:ez|ais)) (?:aussi|peut-être|être)",
    r"(?:artículos|entradas|publicaciones|noticias|posts) (?:relacionad[oa]s|similares|recientes"
    r"|recomendad[oa]s)\b",
    r"(?:también )?te (?:puede|podría)(?:n)? (?:interesar|gustar)",
    r"(?:artigos|posts|publicações|notícias|matérias|conteúdos?) (?:relacionad[oa]s?|semelhantes|recentes"
    r"|recomendad[oa]s)\b",
    r"leia (?:também|mais)\b",
    r"(?:você|pode) (?:também )?(?:pode |poderá )?(?:gostar|se interessar)",
    r"(?:articoli|post|contenuti|notizie) (?:correlati|simili|recenti|consigliati)\b",
    r"(?:ti )?potrebbe(?:ro)? (?:anche )?(?:interessart?i?|piacert?i?)",
    r"leggi anche\b",
    r"(?:gerelateerde|vergelijkbare|recente|meer|andere) (?:berichten|artikelen|posts|artikels|reacties)\b",
    r"(?:lees ook|ook interessant|misschien vind je)\b",
    r"(?:(?:関連|おすすめ|人気|最新|新着)の?(?:記事|投稿|エントリー?)(?:一覧)?|あわせて読みたい)\s*(?:$|\n)",
    r"(?:(?:相关|相關|推荐|推薦|热门|熱門|最新|更多)(?:文章|阅读|閱讀|内容|內容|推荐|推薦)|猜你喜欢|延伸阅读|延伸閱讀)\s*(?:$|\n)",
    r"(?:مقالات|مواضيع|منشورات|أخبار) (?:ذات صلة|مشابهة|مقترحة|أخرى|حديثة)|(?:قد يعجبك|اقرأ) (?:أيضا"
    r"|أيضًا|ايضا)",
    r"(?:פוסטים|מאמרים|כתבות) (?:אחרונים|אחרונות|קשורים|קשורות|נוספים|נוספות|דומים)|אולי יעניין"
    r"|קראו (?:גם|עוד)",
)

_COMMENTS = _starts(
    r"(?:leave|post|add|write) (?:a |your )(?:reply|comment|response|thought)",
    r"(?:cancel reply|join the (?:conversation|discussion)|no comments? yet|comments? (?:are )?(?:closed"
    r"|off|policy))",
    r"your e-?mail address will not be",
    r"required fields",
    r"save my name",
    r"notify me (?:of|by|via)",
    r"discussion about this (?:post|episode)\b|was this (?:article|page|post|answer) helpful\b",
    r"\d+ (?:[»›|•] )?(?:comments?|responses?|replies|thoughts on|kommentare?|antworten|commentaires?"
    r"|comentarios?|comentários?|commenti|reacties)\b",
    r"(?:comments?|kommentare?|commentaires?|comentarios?|comentários?|commenti|reacties)\W{1,3}\d+\W*$",
    r"(?:schreib|hinterlass|verfass)\w*(?: sie| uns)? (?:einen|deinen|ihren|eine) (?:kommentar|antwort"
    r"|nachricht)",
    r"kommentar(?:e)? (?:schreiben|hinterlassen|verfassen|abgeben|ausblenden|absenden|anzeigen)",
    r"kommentieren kommentare\b",
    r"antwort(?:en)? (?:hinterlassen|schreiben|abbrechen|antworten)",
    r"(?:deine|ihre) e-?mail-?adresse wird nicht",
    r"(?:erforderliche|pflicht)-?\s?felder",
    r"benachrichtig(?:e|t|en) (?:sie )?mich",
    r"laisser (?:un commentaire|une réponse)|ajouter un commentaire|poster un commentaire",
    r"(?:annuler la réponse|votre adresse (?:e-?mail|de messagerie) ne sera)",
    r"les champs (?:obligatoires|nécessaires|requis)",
    r"(?:deja|dejar|escribe|añade|agregar) (?:un comentario|una respuesta|tu comentario)",
    r"(?:cancelar (?:la )?respuesta|tu (?:dirección de )?correo electrónico no será)",
    r"los campos (?:obligatorios|necesarios|requeridos)",
    r"(?:deixe|deixar|escreva|adicione|adicionar) (?:um comentário|uma resposta|seu comentário"
    r"|o seu comentário)",
    r"(?:cancelar resposta|o seu (?:endereço de )?e-?mail não será|campos (?:obrigatórios|marcados))",
    r"(?:lascia|scrivi|aggiungi|invia) (?:un commento|una risposta|un tuo commento)",
    r"(?:annulla risposta|il tuo indirizzo e-?mail non sarà|i campi (?:obbligatori|contrassegnati))",
    r"(?:geef|laat|plaats|schrijf) (?:een|je) (?:reactie|antwoord|commentaar)",
    r"(?:reactie annuleren|(?:je|jouw|het) e-?mailadres (?:wordt|zal) niet|vereiste velden)",
    r"コメント(?:を(?:残す|書く|投稿|キャンセル)|\s*[（(]\d|欄)|メールアドレスが公開されることはありません",
    r"(?:发表|發表|留下|撰写|添加)(?:评论|評論|回复|回覆|留言)|取消回复|(?:您的|你的)?(?:电子)?邮箱地址不会被公开|必填项",
    r"(?:اترك|أضف|اكتب) (?:تعليق|رد)|إلغاء الرد|لن يتم نشر|الحقول الإلزامية|\d+ (?:تعليق|تعليقات)\b",
    r"(?:השאר|השאירו|כתיבת|כתבו|הוסף|הוסיפו) (?:תגובה|הערה)|\d+ (?:תגובות|תגובה)|האימייל לא יוצג",
    r"(?:log ?in|sign in|melde? dich an|connectez-vous|inicia sesión) (?:to|um|pour|para) (?:comment"
    r"|leave|zu kommentieren|commenter|comentar)",
)

_SUBSCRIBE = _starts(
    r"(?:subscribe|sign up) (?:to|for|now|today|here|free|via)\b|subscribe$|join (?:our|my"
    r"|the) (?:newsletter|list|community|mailing)",
    r"(?:get|receive) [^.]{0,60}\b(?:inbox|newsletter|by email)\b",
    r"thanks for reading\b[^.!]{0,80}[.!] subscribe\b|ready for more\?\W*$",
    r"[^.]{1,80}\bis a reader-supported publication\b",
    r"(?:our |my |the |weekly |free )?newsletter(?: sign-?up)?\W*$",
    r"newsletter (?:abonnieren|bestellen)|(?:jetzt )?abonnieren|(?:zum|unser\w*) newsletter\b",
    r"(?:abonnez|inscrivez)-vous\b|s['’](?:abonner|inscrire)\b",
    r"suscríbete\b|suscribirse\b|(?:nuestro )?boletín\b",
    r"(?:inscreva|registe)-se\b|assine (?:a|nossa|o)\b|subscrev[ae]\b",
    r"iscriviti\b|abbonati\b",
    r"(?:abonneer|schrijf) (?:je|u) (?:in|op|nu)?|(?:onze )?nieuwsbrief\b",
    r"(?:support|unterstütz\w*|soutenez|apoya|apoie|sostieni|steun) (?:us|me|uns|mich|sie uns|-?nous|nos"
    r"|-?nos|ci|ons)\b[^.]{0,60}$",
    r"(?:メルマガ|ニュースレター)(?:登録|に登録|を購読)|订阅(?:我们|本站|邮件)|(?:اشترك|اشتركوا) (?:في"
    r"|الآن)|(?:הירשמו|הצטרפו) ל",
    r"(?:buy me a coffee|become a (?:patron|member|supporter))",
    r"(?:möchten sie|gefällt ihnen|gefällt dir|did you (?:like|enjoy)|enjoyed this|enjoying this"
    r"|like what you)\b[^.]{0,60}\?$",
)

_AUTHOR = _starts(
    r"about (?:the )?authors?\b|written by\b|(?:posts|articles) by\b|all posts by\b|view all posts\b",
    r"über (?:den|die) autor|alle (?:artikel|beiträge)(?: von\b|$)",
    r"à propos de l['’]auteur|écrit par\b|voir tous les articles",
    r"(?:sobre el|acerca del) autor|escrito por\b|ver todas las entradas",
    r"sobre o autor|ver todos os (?:posts|artigos)",
    r"(?:informazioni )?sull['’]autore|scritto da\b|(?:vedi|visualizza) tutti gli articoli",
    r"(?:この記事を書いた人|著者(?:について|紹介|プロフィール)?\W*$|プロフィール\W*$)|(?:关于|關於)作者|作者简介",
    r"(?:عن|نبذة عن) (?:الكاتب|المؤلف)|(?:על|אודות) (?:הכותב|המחבר|הכותבת|המחברת)",
    r"over de auteur|geschreven door\b|alle berichten van\b",
)

_META = _starts(
    r"(?:posted|filed|published|tagged|categori[sz]ed)(?: \w+)? ?(?:in|on|by|under|as|with|at)?:?\s",
    r"(?:tags?|categor(?:y|ies)|topics?|labels?|keywords?)\s*:",
    r"(?:last )?(?:updated|modified)(?: on)?:?\s",
    r"(?:last )?(?:medically |clinically |expert )?(?:reviewed|fact[- ]checked)(?: by| on)\s"
    r"|how we reviewed this article\b",
    r"\d+ ?(?:min(?:ute)?s?|minuten|minutos|minuti)\.?(?: of)? (?:read|reading|lesezeit|lesen|de lecture"
    r"|de lectura|de leitura|di lettura|lezen|leestijd)\b",
    r"(?:reading time|lesezeit|temps de lecture|tiempo de lectura|tempo de leitura|tempo di lettura"
    r"|leestijd)\b",
    r"(?:veröffentlicht|getaggt|verschlagwortet|abgelegt|kategorisiert|aktualisiert"
    r"|gepostet)(?: \w+)? ?(?:in|am|unter|mit|von|als)\b",
    r"(?:schlagwörter|schlagworte|kategorien?|stichworte)\s*:",
    r"(?:publié|mis à jour|classé|posté)(?:e)? (?:le|dans|par|sous)\b|(?:étiquettes?|mots[- ]clés"
    r"|catégories?)\s*:",
    r"(?:publicado|actualizado|archivado|etiquetado) (?:en|el|por|como)\b|(?:etiquetas|categorías?)\s*:",
    r"(?:publicado|atualizado|arquivado|postado) (?:em|por|a)\b|(?:etiquetas|categorias?|marcadores)\s*:",
    r"(?:pubblicato|aggiornato|archiviato|postato) (?:in|il|da|su)\b|(?:tag|categori[ae]|etichette)\s*:",
    r"(?:カテゴリー?|タグ|投稿日|更新日|公開日|最終更新)\s*[:：]|(?:分类|分類|标签|標籤)\s*[:：]|(?:发布于|發佈於|发布时间|阅读时间)\s*[:：]?\s*\S",
    r"(?:نشر|نشرت) (?:في|بواسطة)\b|كتب بواسطة|(?:التصنيف|التصنيفات|الوسوم)\s*:|(?:פורסם|נכתב) (?:ב|על ידי)"
    r"|(?:תגיות|קטגוריות?)\s*:"
    r"|זמן קריאה|وقت القراءة|مدة القراءة",
    r"(?:geplaatst|gepubliceerd|bijgewerkt|getagd) (?:in|op|door|met)\b|(?:trefwoorden|categorie(?:ën)?)\s*:",
)

_SHARE = _starts(
    r"(?:share|tweet|pin|email|print|forward) (?:this|it|on|via)\b[^.]{0,50}$|share\W*$",
    r"(?:click to|follow (?:us|me)|like us|find us|connect with) ",
    r"(?:teilen|teile)(?: (?:auf|mit|via|sie|diesen?)\b|\W*$)|(?:folge|folgen sie) (?:uns|mir)\b",
    r"partage[rz](?: (?:sur|cet|via|l['’]article)\b|\W*$)|suivez-nous\b",
    r"(?:compartir|comparte)(?: (?:en|esto|este|por)\b|\W*$)|síguenos\b",
    r"(?:compartilh\w+|partilh\w+)(?: (?:no|na|em|isto|este|por)\b|\W*$)|siga-nos\b",
    r"condividi(?: (?:su|questo|via|l['’]articolo)\b|\W*$)|seguici\b",
    r"(?:シェア|共有|ツイート)(?:する|ボタン)?\W*$|(?:分享|转发)(?:(?:到|至|给|本文).{0,12}|\W*)$",
    r"(?:شارك|مشاركة)(?: (?:هذا|هذه|المقال|الموضوع|على|عبر)\b|\W*$)|(?:שתפו|שתף|שיתוף)(?: (?:את|ב)\S*|\W*$)",
    r"(?:delen|deel)(?: (?:op|dit|via)\b|\W*$)|volg ons\b",
)

_FEED_FOOTER = _starts(
    r"the (?:post|article) .{3,200} (?:first appeared|appeared first) on\b",
    r"(?:der )?beitrag .{3,200} erschien zuerst (?:auf|bei)\b",
    r"(?:cet )?(?:l['’])?article .{3,200} est apparu en premier sur\b",
    r"(?:la entrada|el artículo) .{3,200} (?:apareció primero|se publicó primero|aparece primero) en\b",
    r"o post .{3,200} apareceu primeiro em\b",
    r"l['’]articolo .{3,200} (?:proviene da|sembra essere il primo su|è stato pubblicato)\b",
    r"het bericht .{3,200} verscheen eerst op\b",
)

_MAIL_FOOTER = _starts(
    r"copyright\b.{0,300}\bunsubscribe\b",
    r"you(?:['’]re| are)? receiv(?:ed|ing) this (?:e-?mail|newsletter|message)\b",
    r"(?:view|read) (?:this|the) (?:e-?mail|newsletter) (?:in|online)\b",
    r"(?:sie erhalten|du erhältst|du bekommst) diese[ns]? (?:e-?mail|newsletter)\b",
    r"vous recevez (?:cet|ce|cette)\b.{0,40}\b(?:e-?mail|courriel|newsletter|lettre)\b",
    r"(?:recibes?|has recibido) este (?:correo|boletín|e-?mail)\b",
    r"(?:hai ricevuto|ricevi) questa (?:e-?mail|newsletter)\b",
    r"(?:je|u) ontvangt deze (?:e-?mail|nieuwsbrief)\b",
    r"(?:você )?(?:está recebendo|recebeu|recebe) este (?:e-?mail|boletim)\b",
)

_NAVIGATION = _is(
    r"(?:skip|jump) to (?:main )?content|zum inhalt (?:springen)?|aller au contenu|saltar al contenido"
    r"|ir para o conteúdo|vai al contenuto|ga naar (?:de )?inhoud",
    r"(?:back|return) to (?:top|home|blog)|nach oben|haut de page|volver arriba|voltar ao topo|torna su"
    r"|terug naar boven",
    r"(?:previous|next|older|newer|vorherige[rs]?|nächste[rs]?|ältere|neuere|vorige|volgende?)"
    r"(?: (?:posts?|articles?|page|beitrag|beiträge|artikel|seite|bericht|pagina)\b.{0,80}|:.{0,80})?",
    r"(?:article|entrada|artículo|artigo|post|articolo) (?:précédent|suivant|anterior|siguiente|seguinte"
    r"|precedente|successivo):?.{0,80}",
    r"(?:post|beitrags?|artikel)-?\s?navigation|navigation des articles|navegación de entradas"
    r"|navegação de posts|navigazione articoli|bericht navigatie",
    r"menu|menü|home|search|search for|suche|suche nach|suchen|rechercher|buscar|pesquisar|cerca|zoeken"
    r"|about|about us|contact(?: us)?|kontakt|impressum|datenschutz(?:erklärung)?|mentions légales",
    r"(?:privacy|cookie) (?:policy|settings|preferences)|terms (?:of (?:use|service)|and conditions)"
    r"|all rights reserved|alle rechte vorbehalten|tous droits réservés|todos los derechos reservados"
    r"|todos os direitos reservados|tutti i diritti riservati|alle rechten voorbehouden",
    r"(?:©|\(c\)|copyright\s(?:©|\(c\)|by\b|\d{4})).{0,90}",
    r"table of contents|contents|on this page|in this (?:article|post|guide)|inhalt(?:sverzeichnis"
    r"|sübersicht)?"
    r"|auf dieser seite|table des matières|sommaire|dans cet article|en este artículo|neste artigo"
    r"|in questo articolo"
    r"|in dit artikel|目次|もくじ|目录|目錄|المحتويات|جدول المحتويات|محتويات المقال|תוכן(?: ה?עניינים)?"
    r"|tabla de contenidos?|índice|sumário|indice(?: dei contenuti)?|inhoudsopgave",
    r"(?:log|sign) ?(?:in|out|up)|register|anmelden|registrieren|connexion|iniciar sesión|entrar|accedi"
    r"|inloggen",
    r"name|e-?mail|website|comment|kommentar|kommentare|antworten|avatar|nom|nombre|nome|naam|comments?"
    r"|commentaires?|comentarios?|comentários?|commenti|reacties|reply|submit|senden|absenden|loading\.*",
    r"reader interactions|(?:primary|secondary) sidebar|footer|search this website|jump to recipe"
    r"|(?:get the|open in) app|member-only story|[\d.,]+k? followers?|privacy\W+terms\W+collection notice",
    r"keywords?|rubriken|schlagwörter|archive?s?|archiv|archivos|arquivos|archivi|archief|meta|tags?|categories"
    r"|kategorien|catégories|categorías|categorias|categorie(?:ën)?",
    r"read more|continue reading|weiterlesen|lire la suite|leer más|sigue leyendo|continue lendo"
    r"|leggi tutto|lees verder|learn more|mehr erfahren|click here|show more|load more|no posts"
    r"|keine beiträge",
    r"facebook|twitter|x|linkedin|pinterest|whatsapp|instagram|youtube|reddit|telegram|mastodon|bluesky"
    r"|email|print|drucken|rss|xing|pocket|tumblr|copy link",
)

_ADVERT = _is(
    r"advertisement|advertising|sponsored|ad|ads|anzeige|werbung|publicité|publicidad|publicidade"
    r"|pubblicità|advertentie"
)

_MONTHS = (
    r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|mär|mai|okt|dez|janv|févr|avr|juin|juil|août|déc"
    r"|ene|abr|ago|dic|fev|set|out"
    r"|gen|mag|giu|lug|ott|maa|mei)\w*\.?"
)
_DATE = _is(
    rf"(?:\w+,? )?{_MONTHS} \d{{1,2}}(?:st|nd|rd|th)?,? \d{{4}}.{{0,25}}",
    rf"(?:\w+,? )?\d{{1,2}}\.? (?:de )?{_MONTHS} (?:de )?\d{{4}}.{{0,25}}",
    r"\d{1,2}[./-]\d{1,2}[./-]\d{2,4}.{0,20}",
    r"\d{4}[-年/]\d{1,2}[-月/]\d{1,2}日?.{0,20}",
)
_BYLINE = re.compile(
    r"^(?:by|von|par|por|di|da|door|words by|text:?|story by|autor:|author:|auteur:|autore:)\s+"
    r"(?:(?:[A-ZÀ-ÞŁŚŽ][\w'’.-]*|de|van|von|der|den|da|di|la|le|and|und|et|y|e|en|&)[\s,]*){1,7}$"
)
_BY = re.compile(
    r"^(?:By|Von|Par|Por|Di|Da|Door|BY|Text|Author|Autor|Auteur|Autore|Words by|Story by)\b", re.I
)

_NAMED_AUTHOR = re.compile(
    r"^(?:(?:作者|著者|筆者|執筆者?|撰文|文|ライター|الكاتب|מאת)\s*[:：／/]|بقلم"
    r"|מאת) ?\S{1,12}(?: \S{1,12}){0,2}$"
)
_JOINED = re.compile(r"\s+[|·•–—/]\s+|\s*[|·•]\s*")

# Each kind with its reason, its certainty, and whether it ends the article.
_KINDS: tuple[tuple[re.Pattern[str], str, float, bool], ...] = (
    (_FEED_FOOTER, "is the feed's own footer", 0.97, False),
    (_MAIL_FOOTER, "belongs to a newsletter's frame", 0.95, False),
    (_COMMENTS, "belongs to a comment form", 0.97, True),
    (_POINTER, "leads to another article", 0.9, False),
    (_RELATED, "leads to other articles", 0.95, True),
    (_AUTHOR, "is about the author", 0.9, True),
    (_META, "says where and when the page was published", 0.9, True),
    (_SUBSCRIBE, "asks for a subscription", 0.88, True),
    (_SHARE, "belongs to a share bar", 0.9, False),
    (_NAVIGATION, NAVIGATION, 0.9, False),
    (_ADVERT, "marks an advertisement", 0.9, False),
    (_DATE, "is a date line", 0.9, False),
)


def recognise(text: str) -> Boilerplate | None:
    """What `text`, one block that stands alone, is if it is none of the article's; None where it may be."""
    words = text.split()
    if len(words) > _MOST_WORDS_OF_A_FORM or len(text) > _LONGEST:
        return None
    for pattern, reason, score, ends in _KINDS:
        if len(words) > _MOST_WORDS and pattern not in (_COMMENTS, _FEED_FOOTER, _MAIL_FOOTER):
            continue
        if (
            pattern in (_META, _SHARE, _AUTHOR, _POINTER, _RELATED)
            and len(words) >= 8
            and text.rstrip().endswith((".", "!"))
        ):
            continue  # a sentence that only begins like one of them
        if pattern.search(text):
            return Boilerplate(reason, score, ends, interrupts=pattern is _SUBSCRIBE)
    return Boilerplate("is a byline", 0.85, False) if is_byline(text) else None


def is_byline(text: str) -> bool:
    """Who wrote it, perhaps with the date and the minutes: "By Jane Doe | 3 May 2024 | 4 min read"."""
    parts = [part.strip(" ,") for part in _JOINED.split(text)]
    if len(parts) == 1:
        by = _BY.match(text) and _BYLINE.match(text[:1].lower() + text[1:])
        return bool(by) or _NAMED_AUTHOR.match(text) is not None
    told = [_DATE.match(part) or _META.match(part) or is_byline(part) for part in parts if part]
    return any(told) and all(
        ok or len(part.split()) <= 3 for ok, part in zip(told, filter(None, parts), strict=True)
    )
