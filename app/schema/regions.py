"""The first digits of an identity number: the province that gave it, the other papers that have such a number."""

from __future__ import annotations

from collections.abc import Collection

# GB/T 2260, by the first two digits. Counties come and go and their numbers stay with people for life; provinces stay.
PROVINCES = {
    "11": "北京", "12": "天津", "13": "河北", "14": "山西", "15": "内蒙古", "21": "辽宁", "22": "吉林", "23": "黑龙江",
    "31": "上海", "32": "江苏", "33": "浙江", "34": "安徽", "35": "福建", "36": "江西", "37": "山东", "41": "河南",
    "42": "湖北", "43": "湖南", "44": "广东", "45": "广西", "46": "海南", "50": "重庆", "51": "四川", "52": "贵州",
    "53": "云南", "54": "西藏", "61": "陕西", "62": "甘肃", "63": "青海", "64": "宁夏", "65": "新疆", "71": "台湾",
    "81": "香港", "82": "澳门", "83": "台湾",
}  # fmt: skip
_SEPARATE = {"71", "81", "82", "83"}


def region_known(number: str, own: Collection[str] = ()) -> bool:
    """Whether the first six digits of *number* can be those of a county, or are those of one of the areas *own*.

    An unknown one is a reason to look again and never one to refuse: codes of dissolved counties stay valid for life.
    """
    six = number[:6]
    if any(code[:6] == six for code in own):
        return True
    if number[:1] == "9":
        # The card of a foreign permanent resident since 2023: 9, province, and the county's two digits are a country's three.
        return number[1:3] in PROVINCES
    if number[:2] in _SEPARATE:
        return six in {f"{number[:2]}0000", *(f"{number[:2]}{n:04}" for n in range(1, 100))}
    # A whole province or prefecture gives no numbers: its county part is 01-99, its prefecture part 01-99.
    return number[:2] in PROVINCES and number[2:4] != "00" and number[4:6] != "00"
