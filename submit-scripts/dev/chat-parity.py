#!/usr/bin/env python3
"""Makes the fixtures of package chat with transformers and jinja2: what chat templates and Jinja's constructs print.

    chat-parity.py [common/src/test/resources/chat]

Renders every templates/*.jinja there with every conversation below into expected.json, and every line of
constructs.txt into constructs.json. Needs, from PyPI: transformers jinja2. Nothing else in this project does.
"""
import datetime
import json
import sys
from pathlib import Path

import jinja2
import jinja2.meta
from transformers.utils import chat_template_utils


class FixedDay(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        return cls(2024, 7, 26)


chat_template_utils.datetime = FixedDay
TOKENS = dict(bos_token="<s>", eos_token="</s>", unk_token="<unk>", pad_token="<pad>")
CITY = dict(type="string", description="which city, e.g. \"Köln\"", enum=["Köln", "東京"])
TOOLS = [
    dict(type="function", function=dict(
        name="find_parcel", description="Says where a parcel is; it's <b>fast</b>",
        parameters=dict(type="object", properties=dict(
            number=dict(type="integer", description="its number"), city=CITY,
            tags=dict(type="array", items=dict(type="string"))), required=["number"]))),
    dict(type="function", function=dict(
        name="refund", description="Pays back", parameters=dict(type="object", properties=dict(
            amount=dict(type="number"), where=dict(type=["string", "null"]))))),
]
DOCUMENTS = [dict(title="Returns", text="Within 14 days.\nUnopened only."), dict(title="Größen", text="S, M & L")]


def said(role, content, **more):
    return dict(role=role, content=content, **more)


def call(identity, name, **arguments):
    return dict(type="function", id=identity, function=dict(name=name, arguments=arguments))


CHATS = {
    "prompt": dict(messages=[said("user", "Where is my parcel?")]),
    "turns": dict(messages=[
        said("user", "  Hi there\n"), said("assistant", " Hello! "), said("user", "Größe 東京 🙂 <s> </s> <|im_end|>?"),
        said("assistant", "\n\nIt's \"M\" & 'L'.\n"), said("user", "Thanks")]),
    "answered": dict(messages=[said("user", "Hi"), said("assistant", "Hello")]),
    "system": dict(messages=[
        said("system", "Be brief.\nBe kind. "), said("user", "One"), said("assistant", "Two"), said("user", "Three")]),
    "thoughts": dict(messages=[
        said("user", "1+1?"), said("assistant", "<think>\neasy\n</think>\n\n2"), said("user", "2+2?")]),
    "calls": dict(tools=TOOLS, messages=[
        said("user", "Where is 7?"),
        said("assistant", "", tool_calls=[call("call00007", "find_parcel", number=7, city="Köln", tags=[1.5, None, True])]),
        said("tool", "{\"place\": \"depot\"}", name="find_parcel", tool_call_id="call00007")]),
    "tools": dict(tools=TOOLS, messages=[said("system", "Use tools."), said("user", "Refund me")]),
    "documents": dict(documents=DOCUMENTS, messages=[said("user", "May I return it?")]),
    "opening": dict(messages=[said("assistant", "Welcome"), said("user", "Hi")]),
    "nothing": dict(messages=[]),
}


def rendered(jinja, **variables):
    try:
        return dict(text=chat_template_utils._compile_jinja_template(jinja).render(**variables))
    except Exception as e:
        return dict(error=str(e))


def mentions(jinja):
    environment = chat_template_utils._compile_jinja_template(jinja).environment
    return jinja2.meta.find_undeclared_variables(environment.parse(jinja))


def templates(folder):
    for file in sorted(folder.glob("*.jinja")):
        jinja = file.read_text()
        read = mentions(jinja)
        for name, chat in CHATS.items():
            if any(part in chat and part not in read for part in ("tools", "documents")):
                continue
            for ask in (True, False):
                yield dict(template=file.stem, chat=name, ask=ask, **rendered(
                    jinja, messages=chat["messages"], tools=chat.get("tools"), documents=chat.get("documents"),
                    add_generation_prompt=ask, **TOKENS))


DATA = dict(
    text="  Hello World\n", words=["b", "a", "C", "a"], numbers=[3, 1, 2], empty=[], nothing=None, yes=True, no=False,
    one=1, half=0.5, big=12345678901234567890 % 10**18, uni="Größe 東京 🙂!", quotes="it's \"q\"",
    nested=dict(a=dict(b=[1, dict(c="x")]), items="shadowed", n=None, f=1.0, t=True),
    people=[dict(name="Ann", age=30, tags=["x"]), dict(name="bob", age=25), dict(name="Cy", age=30, tags=[])])


def constructs(file):
    for line in file.read_text().splitlines():
        if line and not line.startswith("## "):
            jinja = line.replace("␤", "\n")
            yield dict(jinja=jinja, **rendered(jinja, **DATA))


def main(target):
    lines = list(templates(target / "templates"))
    write = lambda name, value: (target / name).write_text(json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n")
    write("expected.json", dict(tokens=TOKENS, chats=CHATS, cases=lines))
    made = list(constructs(target / "constructs.txt"))
    write("constructs.json", dict(data=DATA, cases=made))
    print(f"{len(lines)} renderings, {sum('error' in l for l in lines)} refused; {len(made)} constructs")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parents[2] / "common/src/test/resources/chat")
