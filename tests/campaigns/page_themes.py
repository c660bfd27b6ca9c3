# ruff: noqa: E501 - markup reads worse when it is broken
"""One article as the usual site builders and themes set it, with what they put around it."""

TITLE = "Why you wake up at three"
OPENING = (
    "It is three in the morning, and you are awake again, counting what is left of the night. You are not "
    "alone with it, and there is more that helps than you were told."
)
HEADINGS = (
    "What stress does to sleep",
    "Why the body remembers",
    "A practice for the evening",
    "When to ask for help",
)
SENTENCES = tuple(f"In part {part} sentence {n}" for part in range(len(HEADINGS)) for n in range(3))
AUTHOR = "Maya Lind is a writer and a yoga teacher who lives by the sea with two dogs."
COMMENT = "Thank you, I have been awake for weeks and nothing helped me until I read this."
OFFER = "One letter a week, with one practice in it, and you can leave whenever you want to."
OTHERS = (
    ("Ten foods that calm the mind", "From oats to walnuts, here is what to eat when the evening is short."),
    ("How to breathe through a meeting", "Nobody sees it, and it brings the heart rate down in a minute."),
)
AROUND = (AUTHOR, COMMENT, OFFER, *(line for other in OTHERS for line in other))


def _texts(part: int) -> list[str]:
    end = (
        "says that the nervous system keeps the body awake when it should rest, and that a slow walk, a warm "
        "room and a quiet hour change more than any pill ever did for most people."
    )
    return [f"{begins} {end}" for begins in SENTENCES[part * 3 : part * 3 + 3]]


def _paragraphs(part: int, tag: str = "p") -> str:
    name = tag.split(" ")[0]
    return "".join(f"<{tag}>{text}</{name}>" for text in _texts(part))


def _parts(markup: str, **more: str) -> str:
    """`markup` for each part, with its {heading} and {text}."""
    return "".join(
        markup.format(heading=heading, text=_paragraphs(part, more.get("tag", "p")), n=part)
        for part, heading in enumerate(HEADINGS)
    )


def _others(markup: str) -> str:
    return "".join(markup.format(title=title, text=text) for title, text in OTHERS)


WORDPRESS = f"""
<div class="site"><header class="site-header"><nav class="main-navigation"><ul><li><a href="/">Home</a>
</li></ul></nav>
</header><main class="site-main"><article class="post type-post hentry"><header class="entry-header">
<h1 class="entry-title">{TITLE}</h1><div class="entry-meta">Posted on <time>March 3, 2024</time></div>
</header>
<div class="entry-content"><p>{OPENING}</p>{_parts("<h2>{heading}</h2>{text}")}
<div class="sharedaddy"><h3>Share this:</h3><ul><li><a href="#">Facebook</a></li></ul></div></div>
<div class="author-box"><h3>About Maya Lind</h3><p>{AUTHOR}</p></div></article>
<div class="related-posts"><h3>You may also like</h3>
{_others('<div class="related-post"><h4><a href="/r">{title}</a></h4><p>{text}</p></div>')}</div>
<div id="comments" class="comments-area"><h2>1 thought on “{TITLE}”</h2><ol><li class="comment">
<p>{COMMENT}</p></li></ol>
<h3>Leave a Reply</h3></div></main><aside class="sidebar"><section class="widget"><p>{OFFER}</p>
</section></aside></div>
"""

DIVI = f"""
<div id="main-content"><article class="post"><div class="entry-content">
<div class="et_pb_section"><div class="et_pb_module et_pb_post_title"><h1 class="entry-title">{
    TITLE
}</h1></div></div>
<div class="et_pb_section"><div class="et_pb_text"><div class="et_pb_text_inner"><p>{
    OPENING
}</p></div></div></div>
{
    _parts(
        '<div class="et_pb_section"><div class="et_pb_row"><div class="et_pb_module et_pb_text">'
        '<div class="et_pb_text_inner"><h2>{heading}</h2>{text}</div></div></div></div>'
    )
}
<div class="et_pb_section"><div class="et_pb_signup et_pb_cta"><h2>The Sunday letter</h2><p>{
    OFFER
}</p></div></div>
<div class="et_pb_section"><div class="et_pb_module et_pb_blog_0">
{
    _others(
        '<article class="et_pb_post"><h2 class="entry-title"><a href="/r">{title}</a></h2>'
        '<div class="post-content"><p>{text}</p></div></article>'
    )
}</div></div></div></article></div>
"""

ELEMENTOR = f"""
<div class="elementor"><section class="elementor-section"><h1 class="elementor-heading-title">{
    TITLE
}</h1></section>
<section class="elementor-section"><div class="elementor-widget"><p>{OPENING}</p></div></section>
{
    _parts(
        '<section class="elementor-section"><div class="elementor-widget elementor-widget-heading">'
        '<h2 class="elementor-heading-title">{heading}</h2></div>'
        '<div class="elementor-widget elementor-widget-text-editor">'
        '<div class="elementor-widget-container">{text}'
        "</div></div></section>"
    )
}
<section class="elementor-section"><div class="elementor-widget-author-box"><h4>Maya Lind</h4><p>{
    AUTHOR
}</p></div></section>
<section class="elementor-section"><h2 class="elementor-heading-title">Related posts</h2>
{
    _others('<article class="elementor-post"><h3><a href="/r">{title}</a></h3><p>{text}</p></article>')
}</section></div>
"""

SQUARESPACE = f"""
<main><article class="h-entry"><div class="blog-item-top-wrapper"><h1 class="entry-title">{TITLE}</h1></div>
<div class="blog-item-content e-content"><div class="sqs-layout"><div class="row sqs-row">
<div class="sqs-block html-block"><div class="sqs-block-content"><p>{OPENING}</p></div></div>
{
    _parts(
        '<div class="sqs-block html-block"><div class="sqs-block-content"><h2>{heading}</h2>{text}</div></div>'
        '<div class="sqs-block image-block"><img src="https://example.org/{n}.jpg" alt="A room"></div>'
    )
}
<div class="sqs-block newsletter-block"><h3>Subscribe</h3><p>{OFFER}</p></div></div></div></div>
<div class="blog-item-author-profile-wrapper"><p>{AUTHOR}</p></div></article></main>
"""

MEDIUM = f"""
<div id="root"><article><section><h1>{TITLE}</h1><div><p>Maya Lind</p><p>·</p><p>5 min read</p></div>
<p>{OPENING}</p>
{_parts("<h2>{heading}</h2>{text}")}</section></article><div><h2>Written by Maya Lind</h2><p>{AUTHOR}</p></div>
<div><h2>More from Maya Lind</h2>{_others("<div><h2>{title}</h2><p>{text}</p></div>")}</div></div>
"""

GHOST = f"""
<main><article class="article post"><header class="article-header"><h1 class="article-title">{TITLE}</h1>
</header>
<section class="gh-content"><p>{OPENING}</p>{_parts("<h2>{heading}</h2>{text}")}
<div class="kg-card kg-signup-card"><h2>Sign up for the Sunday letter</h2><p>{OFFER}</p></div></section>
</article></main>
<aside class="read-more-wrap">
{_others('<article class="post-card"><h2 class="post-card-title">{title}</h2><div>{text}</div></article>')}</aside>
"""

SUBSTACK = f"""
<article class="newsletter-post post"><div class="post-header"><h1 class="post-title">{TITLE}</h1>
<h3 class="subtitle">What your body is trying to tell you</h3></div><div class="available-content">
<div class="body markup">
<p>{OPENING}</p>{_parts("<h3>{heading}</h3>{text}")}
<div class="subscription-widget-wrap"><p>Thanks for reading! Subscribe for free.</p></div></div></div>
</article>
<div class="comments"><h4>Discussion about this post</h4><p>{COMMENT}</p></div>
"""

WEBFLOW = f"""
<div class="section hero"><div class="container"><h1>{TITLE}</h1></div></div>
<div class="section"><div class="container w-container"><div class="rich-text-block w-richtext">
<p>{OPENING}</p></div>
{_parts('<div class="rich-text-block w-richtext"><h2>{heading}</h2>{text}</div>')}</div></div>
<div class="section cta"><div class="container"><h2>Ready to sleep again?</h2><p>{OFFER}</p></div></div>
<div class="section"><h2>More articles</h2>
{_others('<div class="w-dyn-item"><a href="/r" class="blog-card"><h3>{title}</h3><p>{text}</p></a></div>')}</div>
"""

FLEXIBLE = f"""
<main><section class="hero"><h1>{TITLE}</h1></section>
<section class="flexible flexible--text"><div class="wysiwyg"><p>{OPENING}</p></div></section>
{
    _parts(
        '<section class="flexible flexible--text"><div class="wysiwyg"><h2>{heading}</h2>{text}</div></section>'
        '<section class="flexible flexible--image"><img src="https://example.org/{n}.jpg" alt="Night"></section>'
    )
}
<section class="flexible flexible--cta"><div class="wysiwyg"><h2>Work with me</h2><p>{
    OFFER
}</p></div></section></main>
"""

NOTION = f"""
<div class="notion-page-content"><h1 class="notion-title">{TITLE}</h1>
<div class="notion-text-block">{OPENING}</div>
{_parts('<div class="notion-sub_header-block"><h3>{heading}</h3></div>{text}', tag='div class="notion-text-block"')}</div>
"""

BOLD_LINES = f"""
<div id="content"><div class="post"><h2 class="title">{TITLE}</h2><div class="entry"><p>{OPENING}</p>
{_parts("<p><strong>{heading}</strong></p>{text}")}</div></div></div>
"""

GOOGLE_DOCS = f"""
<div id="header">Published using Google Docs</div><div id="contents"><div>
<p class="c3 title"><span>{TITLE}</span></p><p><span>{OPENING}</span></p>
{_parts('<h2 id="h.{n}"><span>{heading}</span></h2>{text}')}</div></div>
"""

WORD = f"""
<div class=WordSection1><p class=MsoNormal align=center><b><span style="font-size:20.0pt">{TITLE}<o:p></o:p></span></b></p>
<p class=MsoNormal>{OPENING}</p>
{_parts("<p class=MsoNormal><b><span>{heading}<o:p></o:p></span></b></p>{text}", tag="p class=MsoNormal")}</div>
"""

MAILCHIMP = f"""
<center><table id="bodyTable"><tr><td><table class="templateContainer"><tr><td id="templatePreheader">
<a href="/view">View this email in your browser</a></td></tr>
<tr><td id="templateBody"><table class="mcnTextBlock"><tr><td class="mcnTextContent"><h1>{TITLE}</h1><p>{
    OPENING
}</p></td></tr></table>
{
    _parts(
        '<table class="mcnTextBlock"><tr><td class="mcnTextBlockInner"><table><tr><td class="mcnTextContent">'
        "<h2>{heading}</h2>{text}</td></tr></table></td></tr></table>"
    )
}</td></tr><tr><td id="templateFooter"><table class="mcnTextBlock"><tr><td class="mcnTextContent">
Copyright 2024 Quiet Path, all rights reserved. {
    OFFER
}<br><a href="/u">unsubscribe from this list</a>.</td></tr></table></td></tr>
</table></td></tr></table></center>
"""

ACCORDION = f"""
<main><h1>{TITLE}</h1><p>{OPENING}</p>{_parts("<details><summary>{heading}</summary>{text}</details>")}</main>
"""

FONTS = f"""
<table width=600><tr><td><font size=5><b>{TITLE}</b></font><p>{OPENING}
{_parts("<p><font size=4 color=navy><b>{heading}</b></font>{text}")}</td></tr></table>
"""

THEMES = {
    "wordpress": WORDPRESS,
    "divi": DIVI,
    "elementor": ELEMENTOR,
    "squarespace": SQUARESPACE,
    "medium": MEDIUM,
    "ghost": GHOST,
    "substack": SUBSTACK,
    "webflow": WEBFLOW,
    "flexible": FLEXIBLE,
    "notion": NOTION,
    "bold lines": BOLD_LINES,
    "google docs": GOOGLE_DOCS,
    "word": WORD,
    "mailchimp": MAILCHIMP,
    "accordion": ACCORDION,
    "fonts": FONTS,
}
