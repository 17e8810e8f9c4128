"""lib/app/openapi.json against the route table, and before a public validator of OpenAPI 3.1."""
import copy
import json
import os
import re
import shutil
import subprocess
import tempfile
import unittest

from harness import BUILD, ROOT, main

# Made by test/run.
VALIDATOR = os.path.join(BUILD, "openapi")
BODIES = {
    "unread": set(), "multipart": {"multipart/form-data"}, "raw": {"*/*"},
    "fields": {"application/json", "application/x-www-form-urlencoded"},
}


def document():
    with open(os.path.join(ROOT, "lib/app/openapi.json"), encoding="utf-8") as f:
        return json.load(f)


def routes():
    """The table, as {(method, path with {} for each parameter): (pattern, who, scope, body, stores)}."""
    lines = subprocess.run([os.path.join(BUILD, "list_routes")], capture_output=True, text=True, check=True).stdout
    rows = [line.split() for line in lines.splitlines()]
    return {(method, re.sub(r":\w+", "{}", pattern)): (pattern, *row) for method, pattern, *row in rows}


def operations():
    """The document's, keyed in the same way: (path, operation)."""
    return {(method.upper(), re.sub(r"{\w+}", "{}", path)): (path, operation)
            for path, item in document()["paths"].items() for method, operation in item.items()}


class Table(unittest.TestCase):
    def test_each_route_is_described_and_each_description_is_a_route(self):
        self.assertGreater(len(routes()), 10)
        self.assertEqual(set(operations()), set(routes()))

    def test_parameters_are_called_alike(self):
        """Where one path has two names for a segment in the table, the document, which can have only one, takes a third."""
        names = {}
        for (_, shape), (pattern, *_) in routes().items():
            names.setdefault(shape, set()).add(re.sub(r":(\w+)", r"{\1}", pattern))
        for (_, shape), (path, _) in operations().items():
            if len(names[shape]) == 1:
                self.assertIn(path, names[shape])

    def test_keys_and_scopes(self):
        for row, (_, who, scope, *_) in routes().items():
            with self.subTest(row=row):
                want = [] if who == "anyone" else [{"key": [] if scope == "-" else [scope]}]
                self.assertEqual(operations()[row][1]["security"], want)

    def test_bodies(self):
        for row, (*_, body, _) in routes().items():
            with self.subTest(row=row):
                described = operations()[row][1].get("requestBody", {}).get("content", {})
                self.assertEqual(set(described), BODIES[body])

    def test_bodies_that_are_refused(self):
        for row, (*_, body, _) in routes().items():
            with self.subTest(row=row):
                answers = {"413", "415"} & set(operations()[row][1]["responses"])
                self.assertEqual(answers, set() if body == "unread" else {"413", "415"})

    def test_what_stores(self):
        """201, as text too; the digest of the body, and a key under which it is done once, may be given."""
        for row, (*_, stores) in routes().items():
            with self.subTest(row=row):
                operation = operations()[row][1]
                headers = {parameter["$ref"].split("/")[-1] for parameter in operation.get("parameters", [])
                           if "$ref" in parameter}
                self.assertEqual(headers - {"DownloadAuthorization"},
                                 {"ContentDigest", "IdempotencyKey"} if stores == "stores" else set())
                self.assertEqual("201" in operation["responses"], stores == "stores")
                if stores == "stores":
                    self.assertEqual(set(operation["responses"]["201"]["content"]), {"application/json", "text/plain"})

    def test_codes(self):
        """Each code that the program has words for is a value that clients are told of."""
        with open(os.path.join(ROOT, "lib/app/reply.c"), encoding="utf-8") as f:
            words = re.search(r"(?s)words\[\] = {(.*?)\n};", f.read()).group(1)
        codes = re.findall(r'\n\t{"(\w+)"', words)
        self.assertGreater(len(codes), 15)
        self.assertLessEqual(set(codes), set(document()["components"]["schemas"]["Error"]["properties"]["code"]["enum"]))


def rename(mapping, old, new):
    mapping[new] = mapping.pop(old)


# What the validator must find: a name, and what spoils the document.
FAULTS = {
    "no title": lambda doc: doc["info"].pop("title"),
    "a member that is unknown": lambda doc: doc["info"].update(colour="red"),
    "a status that is none": lambda doc: rename(doc["paths"]["/up"]["get"]["responses"], "200", "2000"),
    "an answer without a description": lambda doc: doc["paths"]["/up"]["get"]["responses"]["200"].pop("description"),
    "an operation's name twice": lambda doc: doc["paths"]["/up"]["get"].update(operationId="getAccount"),
    "a path's parameter that is not described": lambda doc: rename(doc["paths"], "/{id}/{name}", "/{id}/{other}"),
    "a reference to nothing": lambda doc: doc["components"]["schemas"].pop("Account"),
    "a key that is not described": lambda doc: doc["components"]["securitySchemes"].clear(),
    "a type that is none": lambda doc: doc["components"]["schemas"]["Health"].update(type="record"),
    "an example that is of another shape": lambda doc: doc["paths"]["/up"]["get"]["responses"]["200"]["content"][
        "application/json"]["examples"]["up"]["value"].pop("status"),
}


class Validator(unittest.TestCase):
    def validate(self, doc):
        """What it complains of."""
        self.assertTrue(os.path.isdir(VALIDATOR), "test/run installs the validator")
        program = shutil.copy(os.path.join(ROOT, "test/openapi/validate.mjs"), VALIDATOR)
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "openapi.json")
            with open(path, "w", encoding="utf-8") as f:
                json.dump(doc, f)
            run = subprocess.run(["node", program, path], capture_output=True, text=True)
        self.assertEqual(run.stderr, "")
        self.assertEqual(run.returncode, 1 if run.stdout else 0)
        return run.stdout

    def test_nothing_to_complain_of(self):
        self.assertEqual(self.validate(document()), "")

    def test_faults_are_found(self):
        for name, spoil in FAULTS.items():
            with self.subTest(fault=name):
                doc = copy.deepcopy(document())
                spoil(doc)
                self.assertTrue(self.validate(doc))


main()
