"""A funder's workbook in small, written by hand with the traits that libraries lose: the scene of the tests of filling.

Its prefix `x:` stands for writers that name the namespace. Every part is as Excel orders it.
"""

# ruff: noqa: E501  (the lines of XML are as long as Excel writes them)

import io
import zipfile

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
X14 = "http://schemas.microsoft.com/office/spreadsheetml/2009/9/main"
XM = "http://schemas.microsoft.com/office/excel/2006/main"
HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'

# Styles by number: 0 locked, 1 open, 2 open date, 3 open percentage, 4 open money, 5 locked money.
STYLES = f"""{HEAD}<styleSheet xmlns="{MAIN}"><numFmts count="1"><numFmt numFmtId="164" formatCode="&quot;£&quot;#,##0.00"/>
</numFmts><fonts count="1"><font><sz val="11"/><name val="Calibri"/></font></fonts><fills count="2"><fill><patternFill
 patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills><borders count="1"><border><left/>
<right/><top/><bottom/><diagonal/></border></borders><cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0"
 borderId="0"/></cellStyleXfs><cellXfs count="6"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>
<xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0" applyProtection="1"><protection locked="0"/></xf>
<xf numFmtId="14" fontId="0" fillId="0" borderId="0" xfId="0" applyProtection="1"><protection locked="0"/></xf>
<xf numFmtId="9" fontId="0" fillId="0" borderId="0" xfId="0" applyProtection="1"><protection locked="0"/></xf>
<xf numFmtId="164" fontId="0" fillId="0" borderId="0" xfId="0" applyProtection="1"><protection locked="0"/></xf>
<xf numFmtId="164" fontId="0" fillId="0" borderId="0" xfId="0"/></cellXfs><cellStyles count="1"><cellStyle name="Normal"
 xfId="0" builtinId="0"/></cellStyles><dxfs count="1"><dxf><font><b/></font></dxf></dxfs></styleSheet>"""

TEXTS = (
    "Quarterly return",
    "Project",
    "Actual",
    "The Change Hub",
    "Intervention",
    "Goodman",
    "Total",
    "Yes",
    "No",
    "Not yet",
)

# Row 2 and row 9 are not written; B6 is not written, nor is anything in row 12 but its number.
FORM = """<@worksheet xmlns:r="{OFFICE}" {xmlns}="{MAIN}"><@sheetPr><@tabColor rgb="FF00FF00"/></@sheetPr>
<@dimension ref="A1:E14"/><@sheetViews><@sheetView workbookViewId="0"/></@sheetViews><@sheetFormatPr defaultRowHeight="15"/>
<@cols><@col min="2" max="2" width="14" style="4" customWidth="1"/></@cols><@sheetData>
<@row r="1" spans="1:3"><@c r="A1" t="s"><@v>0</@v></@c><@c r="B1"/><@c r="C1"/></@row>
<@row r="3" spans="1:3"><@c r="A3" t="s"><@v>1</@v></@c><@c r="B3" t="s"><@v>2</@v></@c><@c r="C3" t="inlineStr"><@is><@t
 xml:space="preserve"> On track? </@t></@is></@c></@row>
<@row r="4" spans="1:4"><@c r="A4" t="s"><@v>3</@v></@c><@c r="B4" s="4"><@v>10</@v></@c><@c r="C4" s="1" t="s"><@v>7</@v></@c>
<@c r="D4"><@f t="shared" ref="D4:D6" si="0">B4*2</@f><@v>20</@v></@c></@row>
<@row r="5" spans="1:4"><@c r="A5" t="s"><@v>4</@v></@c><@c r="B5" s="4"/><@c r="C5" s="1"/><@c r="D5"><@f t="shared"
 si="0"/><@v>0</@v></@c></@row>
<@row r="6" spans="1:4"><@c r="A6" t="s"><@v>5</@v></@c><@c r="D6"><@f t="shared" si="0"/><@v>0</@v></@c></@row>
<@row r="7" spans="1:4"><@c r="A7" t="s"><@v>6</@v></@c><@c r="B7" s="5"><@f>SUM(B4:B6)</@f><@v>10</@v></@c><@c r="D7"><@f>SUM(D4:D6)</@f><@v>20</@v></@c></@row>
<@row r="8"><@c r="D8"><@f>TODAY()-B4</@f><@v>45000</@v></@c><@c r="E8" t="str"><@f>IF(B4&gt;5,"high &amp; dry","low")</@f><@v>high &amp; dry</@v></@c></@row>
<@row r="10"><@c r="A10" t="inlineStr"><@is><@t>Date of the claim</@t></@is></@c><@c r="B10" s="2"/><@c r="D10"><@f>E14+1</@f><@v>8</@v></@c></@row>
<@row r="11"><@c r="A11" t="inlineStr"><@is><@t>Share spent</@t></@is></@c><@c r="B11" s="3"/></@row>
<@row r="12" s="1" customFormat="1"/>
<@row r="14"><@c r="A14" t="inlineStr"><@is><@t>What happened</@t></@is></@c><@c r="B14" s="1"/><@c r="E14"><@v>7</@v></@c></@row>
</@sheetData><@sheetProtection sheet="1" objects="1" scenarios="1"/><@mergeCells count="2"><@mergeCell ref="A1:C1"/><@mergeCell
 ref="B14:D14"/></@mergeCells><@conditionalFormatting sqref="B4:B6"><@cfRule type="cellIs" dxfId="0" priority="1"
 operator="lessThan"><@formula>0</@formula></@cfRule></@conditionalFormatting><@dataValidations count="1"><@dataValidation
 type="textLength" operator="lessThanOrEqual" allowBlank="1" sqref="B14"><@formula1>500</@formula1></@dataValidation>
</@dataValidations><@drawing r:id="rId1"/><@extLst><@ext uri="{{CCE6A557-97BC-4b89-ADB6-D9C93CAAB3DF}}" xmlns:x14="{X14}">
<x14:dataValidations count="1" xmlns:xm="{XM}"><x14:dataValidation type="list" allowBlank="1" showErrorMessage="1">
<x14:formula1><xm:f>Lists!$A$1:$A$3</xm:f></x14:formula1><xm:sqref>C4:C6</xm:sqref></x14:dataValidation>
</x14:dataValidations></@ext></@extLst></@worksheet>"""

LISTS = """<@worksheet {xmlns}="{MAIN}"><@dimension ref="A1:C4"/><@sheetData>
<@row r="1"><@c r="A1" t="s"><@v>7</@v></@c><@c r="C1"><@f>Return!B7</@f><@v>10</@v></@c></@row>
<@row r="2"><@c r="A2" t="s"><@v>8</@v></@c></@row><@row r="3"><@c r="A3" t="s"><@v>9</@v></@c></@row>
<@row r="4"><@c r="A4"><@v>1</@v></@c></@row></@sheetData></@worksheet>"""

DRAWING = """<xdr:wsDr xmlns:xdr="http://schemas.openxmlformats.org/drawingml/2006/spreadsheetDrawing"
 xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"><xdr:oneCellAnchor><xdr:from><xdr:col>6</xdr:col>
<xdr:colOff>0</xdr:colOff><xdr:row>1</xdr:row><xdr:rowOff>0</xdr:rowOff></xdr:from><xdr:ext cx="9525" cy="9525"/><xdr:pic>
<xdr:nvPicPr><xdr:cNvPr id="2" name="Crest"/><xdr:cNvPicPr/></xdr:nvPicPr><xdr:blipFill><a:blip xmlns:r="{OFFICE}"
 r:embed="rId1"/><a:stretch><a:fillRect/></a:stretch></xdr:blipFill><xdr:spPr><a:prstGeom prst="rect"><a:avLst/></a:prstGeom>
</xdr:spPr></xdr:pic><xdr:clientData/></xdr:oneCellAnchor></xdr:wsDr>"""

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c6360606060000000050001a5f645400000000049454e44ae426082"
)
CHAIN = (("B7", 1), ("D4", 1), ("D5", 1), ("D6", 1), ("D7", 1), ("D8", 1), ("E8", 1), ("D10", 1), ("C1", 2))


def _sheet(text: str, prefix: str) -> bytes:
    xmlns = f"xmlns:{prefix[:-1]}" if prefix else "xmlns"
    filled = text.format(OFFICE=OFFICE, MAIN=MAIN, X14=X14, XM=XM, xmlns=xmlns)
    return (HEAD + filled.replace("<@", f"<{prefix}").replace("</@", f"</{prefix}")).encode()


def _relations(*targets: tuple[str, str]) -> bytes:
    listed = "".join(
        f'<Relationship Id="rId{number}" Type="{OFFICE}/{kind}" Target="{target}"/>'
        for number, (kind, target) in enumerate(targets, start=1)
    )
    return f'{HEAD}<Relationships xmlns="{PACKAGE}/relationships">{listed}</Relationships>'.encode()


def parts(prefix: str = "", calculation: str = '<calcPr calcId="191029"/>') -> dict[str, bytes]:
    """The parts of the template, by name."""
    kind = "application/vnd.openxmlformats-officedocument"
    types = "".join(
        f'<Override PartName="/xl/{part}" ContentType="{kind}.{told}+xml"/>'
        for part, told in (
            ("workbook.xml", "spreadsheetml.sheet.main"),
            ("worksheets/sheet1.xml", "spreadsheetml.worksheet"),
            ("worksheets/sheet2.xml", "spreadsheetml.worksheet"),
            ("styles.xml", "spreadsheetml.styles"),
            ("sharedStrings.xml", "spreadsheetml.sharedStrings"),
            ("calcChain.xml", "spreadsheetml.calcChain"),
            ("drawings/drawing1.xml", "drawing"),
        )
    )
    texts = "".join(f"<si><t>{text}</t></si>" for text in TEXTS)
    chain = "".join(f'<c r="{cell}" i="{sheet}"/>' for cell, sheet in CHAIN)
    return {
        "[Content_Types].xml": (
            f'{HEAD}<Types xmlns="{PACKAGE}/content-types"><Default Extension="rels" ContentType="application/vnd.'
            'openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/>'
            f'<Default Extension="png" ContentType="image/png"/>{types}</Types>'
        ).encode(),
        "_rels/.rels": _relations(("officeDocument", "xl/workbook.xml")),
        "xl/workbook.xml": (
            f'{HEAD}<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><workbookPr/><bookViews><workbookView/></bookViews><sheets>'
            '<sheet name="Return" sheetId="1" r:id="rId1"/><sheet name="Lists" sheetId="2" state="hidden" r:id="rId2"/>'
            f'</sheets><definedNames><definedName name="Spend">Return!$B$4:$B$6</definedName></definedNames>{calculation}'
            "</workbook>"
        ).encode(),
        "xl/_rels/workbook.xml.rels": _relations(
            ("worksheet", "worksheets/sheet1.xml"),
            ("worksheet", "worksheets/sheet2.xml"),
            ("styles", "styles.xml"),
            ("sharedStrings", "sharedStrings.xml"),
            ("calcChain", "calcChain.xml"),
        ),
        "xl/worksheets/sheet1.xml": _sheet(FORM, prefix),
        "xl/worksheets/sheet2.xml": _sheet(LISTS, prefix),
        "xl/worksheets/_rels/sheet1.xml.rels": _relations(("drawing", "../drawings/drawing1.xml")),
        "xl/drawings/drawing1.xml": (HEAD + DRAWING.format(OFFICE=OFFICE)).encode(),
        "xl/drawings/_rels/drawing1.xml.rels": _relations(("image", "../media/image1.png")),
        "xl/media/image1.png": PNG,
        "xl/styles.xml": STYLES.encode(),
        "xl/sharedStrings.xml": (
            f'{HEAD}<sst xmlns="{MAIN}" count="{len(TEXTS)}" uniqueCount="{len(TEXTS)}">{texts}</sst>'
        ).encode(),
        "xl/calcChain.xml": f'{HEAD}<calcChain xmlns="{MAIN}">{chain}</calcChain>'.encode(),
    }


def packed(content: dict[str, bytes]) -> bytes:
    """The parts as a zip; the picture is stored as it is, all else is packed."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, data in content.items():
            info = zipfile.ZipInfo(name, (2024, 4, 8, 10, 30, 0))
            info.compress_type = zipfile.ZIP_STORED if name.endswith(".png") else zipfile.ZIP_DEFLATED
            archive.writestr(info, data)
    return made.getvalue()


def template(prefix: str = "", **changed: bytes) -> bytes:
    """The small template; `changed` replaces parts by the last piece of their name (sheet1=…)."""
    found = parts(prefix)
    for part in found:
        stem = part.rsplit("/", 1)[-1].partition(".")[0]
        if stem in changed and part.endswith(".xml"):
            found[part] = changed[stem]
    return packed(found)
