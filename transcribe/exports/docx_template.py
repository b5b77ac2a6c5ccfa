"""The empty Word document that every transcript is written into: page, styles, footer, settings.

python-docx's own template carries a thumbnail, 160 styles and its maker's name; what is kept of it here is the
package, and everything that a reader sees is defined below.
"""

import datetime
import io
from typing import Any

PAGES = {"a4": (11906, 16838), "letter": (12240, 15840)}
"""Width and height in twentieths of a point (ISO 216, ANSI A)."""

_MARGINS = {"top": "1304", "bottom": "1247", "left": "1588", "right": "1304", "header": "624", "footer": "567"}
_FIXED_DATE = datetime.datetime(1980, 1, 1, tzinfo=datetime.UTC).replace(tzinfo=None)
"""Not a date of anything: Word wants one, and zip begins with it."""

_NAMESPACE = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
_FONTS = '<w:rFonts w:ascii="Calibri" w:hAnsi="Calibri" w:cs="Calibri" w:eastAsia="Microsoft JhengHei"/>'
_INK, _GREY, _RED = "1F3A5F", "6B7280", "B42318"

_DEFAULTS = f"""<w:docDefaults {_NAMESPACE}><w:rPrDefault><w:rPr>{_FONTS}<w:noProof/><w:sz w:val="22"/>
<w:szCs w:val="22"/></w:rPr></w:rPrDefault><w:pPrDefault/></w:docDefaults>"""
"""No proofing: red waves under people's own words invite corrections."""

_RULE = '<w:pBdr><w:{side} w:val="single" w:sz="6" w:space="{space}" w:color="C9D1DC"/></w:pBdr>'


_BUILT_IN = {"Header": "header", "Footer": "footer", "Line Number": "line number"}
"""Word's own styles as the file spells them."""


def _style(kind: str, name: str, paragraph: str = "", run: str = "", based: str = "Normal", extra: str = "") -> str:
    base = "" if kind == "character" or name == "Normal" else f'<w:basedOn w:val="{based.replace(" ", "")}"/>'
    paragraph = f"<w:pPr>{paragraph}</w:pPr>" if paragraph else ""
    run = f"<w:rPr>{run}</w:rPr>" if run else ""
    default = ' w:default="1"' if name == "Normal" else ""
    return (
        f'<w:style {_NAMESPACE} w:type="{kind}"{default} w:styleId="{name.replace(" ", "")}">'
        f'<w:name w:val="{_BUILT_IN.get(name, name)}"/>{base}{extra}<w:qFormat/>{paragraph}{run}</w:style>'
    )


_STYLES = (
    f'<w:style {_NAMESPACE} w:type="character" w:default="1" w:styleId="DefaultParagraphFont">'
    '<w:name w:val="Default Paragraph Font"/><w:uiPriority w:val="1"/><w:semiHidden/></w:style>',
    _style("paragraph", "Normal", '<w:spacing w:after="100" w:line="288" w:lineRule="auto"/>'),
    _style(
        "paragraph",
        "Transcript Title",
        '<w:keepNext/><w:suppressLineNumbers/><w:spacing w:after="80" w:line="240" w:lineRule="auto"/>',
        f'<w:b/><w:color w:val="{_INK}"/><w:sz w:val="36"/>',
    ),
    _style(
        "paragraph",
        "Transcript Note",
        '<w:keepNext/><w:suppressLineNumbers/><w:spacing w:after="20" w:line="264" w:lineRule="auto"/>',
        f'<w:color w:val="{_GREY}"/><w:sz w:val="19"/>',
    ),
    _style(
        "paragraph",
        "Transcript Draft",
        '<w:spacing w:after="60" w:line="264" w:lineRule="auto"/>',
        f'<w:b/><w:color w:val="{_RED}"/><w:sz w:val="24"/>',
        based="Transcript Note",
    ),
    _style(
        "paragraph",
        "Transcript Frame",
        "<w:suppressLineNumbers/>"
        + _RULE.format(side="top", space=6)
        + '<w:spacing w:before="240" w:after="140" w:line="240" w:lineRule="auto"/>',
        f'<w:b/><w:color w:val="{_GREY}"/><w:spacing w:val="20"/><w:sz w:val="17"/>',
    ),
    _style("paragraph", "Utterance", '<w:ind w:left="397" w:hanging="397"/>'),
    _style("paragraph", "Interviewer", "<w:keepNext/>", '<w:color w:val="44546A"/>', based="Utterance"),
    _style(
        "paragraph",
        "Guide Question",
        '<w:spacing w:before="240"/><w:outlineLvl w:val="0"/>',
        f'<w:color w:val="{_INK}"/>',
        based="Interviewer",
    ),
    *(
        _style("paragraph", f"{name} Right To Left", "<w:bidi/>", based=name)
        for name in ("Utterance", "Interviewer", "Guide Question")
    ),
    _style(
        "paragraph",
        "Header",
        "<w:suppressLineNumbers/>"
        + _RULE.format(side="bottom", space=4)
        + '<w:tabs><w:tab w:val="right" w:pos="{text_width}"/></w:tabs>'
        + '<w:spacing w:after="0" w:line="240" w:lineRule="auto"/>',
        f'<w:color w:val="{_GREY}"/><w:sz w:val="17"/>',
    ),
    _style(
        "paragraph",
        "Draft Stamp",
        '<w:suppressLineNumbers/><w:spacing w:before="80" w:after="160" w:line="240" w:lineRule="auto"/>'
        '<w:jc w:val="center"/>',
        f'<w:b/><w:color w:val="{_RED}"/><w:spacing w:val="20"/><w:sz w:val="26"/>',
    ),
    _style(
        "paragraph",
        "Footer",
        '<w:suppressLineNumbers/><w:spacing w:after="0" w:line="240" w:lineRule="auto"/><w:jc w:val="center"/>',
        f'<w:color w:val="{_GREY}"/><w:sz w:val="17"/>',
    ),
    _style("character", "Speaker Label", run=f'<w:b/><w:color w:val="{_INK}"/>'),
    _style("character", "Redaction", run='<w:shd w:val="clear" w:color="auto" w:fill="E8EDF3"/>'),
    _style("character", "Transcript Sign", run=f'<w:color w:val="{_GREY}"/>'),
    _style("character", "Time Stamp", run=f'<w:color w:val="{_GREY}"/><w:sz w:val="17"/>'),
    _style("character", "Line Number", run='<w:color w:val="A3ABB8"/><w:sz w:val="15"/>'),
)


def build(page: str) -> bytes:
    """The empty document for a key of `PAGES`."""
    import docx
    from docx.oxml.parser import parse_xml

    document = docx.Document()
    width, height = PAGES[page]
    text_width = str(width - int(_MARGINS["left"]) - int(_MARGINS["right"]))
    styles = document.styles.element
    for child in list(styles):
        styles.remove(child)
    for xml in (_DEFAULTS, *_STYLES):
        styles.append(parse_xml(xml.replace("{text_width}", text_width)))
    _set_page(document, width, height, parse_xml)
    _strip_package(document)
    properties = document.core_properties
    properties.author = properties.last_modified_by = properties.comments = properties.title = ""
    properties.created = properties.modified = _FIXED_DATE
    file = io.BytesIO()
    document.save(file)
    return file.getvalue()


def _set_page(document: Any, width: int, height: int, parse_xml: Any) -> None:
    section = document.sections[0]
    section.header.is_linked_to_previous = section.footer.is_linked_to_previous = False
    section.header.paragraphs[0].style = document.styles["Header"]
    footer = section.footer.paragraphs[0]
    footer.style = document.styles["Footer"]
    for text, field in (("Page ", "PAGE"), (" of ", "NUMPAGES")):
        footer.add_run(text)
        footer._p.append(
            parse_xml(f'<w:fldSimple {_NAMESPACE} w:instr=" {field} "><w:r><w:t>1</w:t></w:r></w:fldSimple>')
        )
    properties = section._sectPr
    references = [child for child in properties if child.tag.endswith("Reference")]
    for child in list(properties):
        properties.remove(child)
    properties.attrib.clear()  # the ids of an editing session of python-docx's maker
    margins = " ".join(f'w:{side}="{size}"' for side, size in _MARGINS.items())
    layout = parse_xml(
        f'<w:sectPr {_NAMESPACE}><w:pgSz w:w="{width}" w:h="{height}"/><w:pgMar {margins} w:gutter="0"/>'
        '<w:lnNumType w:countBy="1" w:distance="284" w:restart="continuous"/><w:cols w:space="708"/></w:sectPr>'
    )
    for child in (*references, *layout):
        properties.append(child)


_KEPT_RELATIONSHIPS = ("/officeDocument", "/core-properties", "/styles", "/settings", "/header", "/footer")


def _strip_package(document: Any) -> None:
    """Drops thumbnail, application properties, theme, custom XML and unused parts, and Word 2010's mode."""
    for relationships in (document.part.package.rels, document.part.rels):
        for name in [key for key, rel in relationships.items() if not rel.reltype.endswith(_KEPT_RELATIONSHIPS)]:
            del relationships[name]
    settings = document.settings.element
    keep = ("zoom", "defaultTabStop", "characterSpacingControl", "compat", "decimalSymbol", "listSeparator")
    for child in list(settings):
        if child.tag.rpartition("}")[2] not in keep:
            settings.remove(child)
    value = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}val"
    for setting in settings.iter("{*}compatSetting"):
        if setting.get(value) == "14":
            setting.set(value, "15")
    for zoom in settings.iter("{*}zoom"):
        zoom.set(value.replace("val", "percent"), "100")
