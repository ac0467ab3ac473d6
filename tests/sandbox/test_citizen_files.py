"""What the sample citizen locker shows of a person, and what can be put there."""

from __future__ import annotations

import base64
import hashlib
import hmac
import io
from urllib.parse import quote

import pikepdf
import pytest
import requests
from lxml import etree
from signxml import XMLVerifier

from tests.sandbox.citizen import RunningLocker
from tests.sandbox.citizen_application import Application, refusal

PNG = b"\x89PNG\r\n\x1a\n" + bytes(64)


@pytest.mark.parametrize(
    "path", ["1/user", "1/files", "1/files/1", "1/files/issued", "2/files/issued", "1/file/x", "1/xml/x"]
)
def test_without_a_token_there_is_nothing(citizens: RunningLocker, path: str) -> None:
    for headers in ({}, {"Authorization": "Bearer " + "0" * 40}, {"Authorization": "Basic bWU6bWU="}):
        answer = requests.get(f"{citizens.base_url}/public/oauth2/{path}", headers=headers, timeout=30)
        assert refusal(answer) == (401, "invalid_token")


def test_the_list_of_issued_papers(application: Application) -> None:
    application.sign_in("meera")
    items = application.get("2/files/issued").json()["items"]
    assert [item["doctype"] for item in items] == ["PANCR", "DRVLC", "DGCER"]
    assert items[0] == {
        "name": "PAN Verification Record", "type": "file", "size": "", "date": "02-04-2012", "parent": "",
        "mime": ["application/pdf", "application/xml"], "uri": "in.sample.pan-PANCR-SAMPM0001J", "doctype": "PANCR",
        "description": "PAN Verification Record", "issuerid": "in.sample.pan", "issuer": "Sample Tax Office",
    }  # fmt: skip
    first = application.get("1/files/issued").json()["items"]
    assert [item["mime"] for item in first] == ["application/pdf"] * 3
    application.sign_in("kiran")
    assert application.get("2/files/issued").json()["items"] == []


def test_the_bytes_come_with_their_hmac_by_either_address(application: Application) -> None:
    application.sign_in("meera")
    uri = "in.sample.pan-PANCR-SAMPM0001J"
    answers = [application.get(f"1/file/{quote(uri, safe='')}"), application.get("1/file/uri", params={"uri": uri})]
    assert answers[0].content == answers[1].content
    for answer in answers:
        assert answer.headers["Content-Type"] == "application/pdf"
        assert int(answer.headers["Content-Length"]) == len(answer.content)
        made = hmac.digest(application.locker.client_secret.encode(), answer.content, "sha256")
        assert answer.headers["hmac"] == base64.b64encode(made).decode()
    with pikepdf.open(io.BytesIO(answers[0].content)) as pdf:
        assert "/Sig" in str(pdf.Root.AcroForm.Fields[0].FT)


def test_certificate_xml_is_signed_by_the_issuer(application: Application) -> None:
    application.sign_in("seema")
    answer = application.get("1/xml/in.sample.district-INCER-INC-2026-0008")
    assert answer.headers["Content-Type"] == "application/xml"
    assert answer.headers["hmac"] == application.locker.client.file_hmac(answer.content)
    root = etree.fromstring(answer.content)
    certificate = root.findtext(".//{http://www.w3.org/2000/09/xmldsig#}X509Certificate")
    signed = XMLVerifier().verify(answer.content, x509_cert=certificate).signed_xml
    assert signed.find("IssuedTo/Person").attrib["name"] == "सीमा काल्पनिक"
    assert signed.find("IssuedTo/Person").attrib["dob"] == "29-02-1988"
    assert (signed.attrib["type"], signed.attrib["issueDate"], signed.attrib["status"]) == ("INCER", "12-01-2026", "A")


def test_what_is_not_there_and_what_is_not_ones_own_look_the_same(application: Application) -> None:
    application.sign_in("rohan")
    said = {
        application.get(f"1/{kind}/{uri}").text
        for kind in ("file", "xml")
        for uri in ("nothing", "in.sample.pan-PANCR-SAMPM0001J")
    }
    assert len(said) == 1
    assert refusal(application.get("1/file/nothing")) == (404, "invalid_uri")
    assert refusal(application.get("1/file/uri")) == (400, "uri_missing")
    assert refusal(application.get("1/file/")) == (400, "uri_missing")


def test_only_what_was_agreed_to_is_seen(application: Application) -> None:
    application.sign_in("meera", scope="files.issueddocs", req_doctype="DRVLC")
    assert [item["doctype"] for item in application.get("2/files/issued").json()["items"]] == ["DRVLC"]
    assert application.get("1/file/in.sample.transport-DRVLC-MH00SAMPLE0001").status_code == 200
    assert refusal(application.get("1/file/in.sample.pan-PANCR-SAMPM0001J")) == (403, "insufficient_scope")
    assert refusal(application.get("1/user")) == (403, "insufficient_scope")
    assert refusal(application.get("1/files")) == (403, "insufficient_scope")
    application.sign_in("meera", scope="userdetails")
    assert application.get("1/user").status_code == 200
    for path in ("2/files/issued", "1/file/in.sample.pan-PANCR-SAMPM0001J", "1/xml/in.sample.pan-PANCR-SAMPM0001J"):
        assert refusal(application.get(path)) == (403, "insufficient_scope")
    application.sign_in("meera", scope="partners.PANCR")
    assert [item["doctype"] for item in application.get("2/files/issued").json()["items"]] == ["PANCR"]
    assert application.get("1/file/in.sample.pan-PANCR-SAMPM0001J").status_code == 200


def test_who_withdrew_is_known_and_nothing_else(application: Application) -> None:
    application.sign_in("anita")
    assert application.get("1/user").json()["name"] == "Anita Deshpande"
    for path in ("2/files/issued", "1/file/in.sample.pan-PANCR-SAMPA0005D"):
        assert refusal(application.get(path)) == (401, "invalid_token")
    again = application.post("oauth2/1/token", application.refresh_form(application.tokens["refresh_token"]))
    assert refusal(again) == (401, "invalid_grant")


def test_a_person_takes_a_consent_back_on_their_own_page(application: Application) -> None:
    page = f"{application.locker.base_url}/people/zoya"
    application.sign_in("zoya")
    other = Application(application.locker)
    other.sign_in("zoya")
    grant = application.locker.house.grants.list_of(application.locker.people["zoya"])[0].name
    assert requests.post(f"{page}/withdraw", data={"grant": grant}, timeout=30).status_code == 400
    token = application.locker.house.form_token
    answer = requests.post(f"{page}/withdraw", data={"grant": grant, "form_token": token}, timeout=30)
    assert "Taken back" in answer.text
    assert refusal(other.get("1/user")) == (401, "invalid_token")
    assert application.get("1/user").status_code == 200


def test_an_uploaded_file_is_listed_and_comes_back(application: Application) -> None:
    application.sign_in("kiran")
    assert [item["type"] for item in application.get("1/files").json()["items"]] == ["dir"]
    answer = application.upload(PNG, path="/Uploads/photo.png")
    assert (answer.status_code, answer.json()) == (200, {"path": "/Uploads/photo.png", "size": str(len(PNG))})
    listed = application.get("1/files/1").json()
    assert listed["directory"] == "/Uploads"
    item = next(item for item in listed["items"] if item["name"] == "photo.png")
    assert (item["mime"], item["size"], item["parent"]) == ("image/png", "72", "1")
    fetched = application.get("1/file/uri", params={"uri": item["uri"]})
    assert (fetched.content, fetched.headers["Content-Type"]) == (PNG, "image/png")
    assert refusal(application.get("1/files/2")) == (404, "invalid_id")
    application.sign_in("rohan")
    assert refusal(application.get("1/file/uri", params={"uri": item["uri"]})) == (404, "invalid_uri")


@pytest.mark.parametrize(
    ("data", "changes", "error"),
    [
        (PNG, {"path": None}, "path_missing"),
        (PNG, {"Content-Type": None}, "contenttype_missing"),
        (PNG, {"hmac": None}, "hmac_missing"),
        (PNG, {"path": "/Uploads/"}, "filename_missing"),
        (PNG, {"hmac": "AAAA"}, "hmac_mismatch"),
        (PNG, {"path": "/a<b.png"}, "invalid_filename"),
        (PNG, {"path": "/nowhere/a.png"}, "invalid_path"),
        (PNG, {"Content-Type": "image/gif"}, "invalid_filetype"),
        (PNG, {"Content-Type": "image/jpeg"}, "mimetype_mismatch"),
        (b"", {}, "file_data_missing"),
        (PNG + bytes(10 * 1024 * 1024), {}, "invalid_filesize"),
    ],
)
def test_an_upload_that_does_not_fit_is_named(
    application: Application, data: bytes, changes: dict[str, str | None], error: str
) -> None:
    application.sign_in("kiran")
    assert refusal(application.upload(data, **changes)) == (400, error)


def test_ten_megabytes_are_taken(application: Application) -> None:
    application.sign_in("zoya")
    data = PNG + bytes(10 * 1024 * 1024 - len(PNG))
    assert application.upload(data).status_code == 200


def signed(citizens: RunningLocker, *names: str, **fields: str) -> dict[str, str]:
    form = {"clientid": citizens.client_id, "ts": str(int(citizens.now())), **fields}
    text = citizens.client_secret + "".join(form[name] for name in names)
    return {"hmac": hashlib.sha256(text.encode()).hexdigest(), **form}


def test_a_paper_is_found_with_its_issuer_and_pulled(application: Application) -> None:
    locker = application.locker
    application.sign_in("aarav")
    issuers = application.post("oauth2/1/pull/issuers", signed(locker, "clientid", "ts")).json()["issuers"]
    office = next(issuer for issuer in issuers if issuer["issuerid"] == "in.sample.university")
    form = signed(locker, "clientid", "orgid", "ts", orgid=office["orgid"])
    kinds = application.post("oauth2/1/pull/doctype", form).json()["documents"]
    assert kinds == [{"doctype": "DGCER", "description": "Degree Certificate"}]
    form = signed(locker, "clientid", "orgid", "doctype", "ts", orgid=office["orgid"], doctype="DGCER")
    (search,) = application.post("oauth2/1/pull/parameters", form).json()
    wanted = {"orgid": office["orgid"], "doctype": "DGCER", "consent": "Y", search["paramname"]: search["example"]}
    bearer = {"Authorization": f"Bearer {application.tokens['access_token']}"}

    def pull(**changes: str) -> requests.Response:
        return application.post("oauth2/1/pull/pulldocument", {**wanted, **changes}, headers=bearer)

    assert refusal(pull(**{search["paramname"]: "0"})) == (404, "record_not_found")
    assert refusal(pull(orgid="0")) == (400, "invalid_orgid")
    assert refusal(pull(doctype="XXXXX")) == (400, "invalid_doctype")
    assert refusal(pull(consent="N")) == (400, "invalid_parameter")
    uri = pull().json()["uri"]
    assert uri in [item["uri"] for item in application.get("2/files/issued").json()["items"]]
    assert application.get(f"1/file/{uri}").content.startswith(b"%PDF-")
    assert refusal(pull()) == (400, "uri_exists")


def test_hashed_calls_are_held_to_their_hash_and_time(application: Application) -> None:
    locker = application.locker
    good = signed(locker, "clientid", "ts")
    upper = {**good, "hmac": good["hmac"].upper()}
    in_base64 = {**good, "hmac": base64.b64encode(bytes.fromhex(good["hmac"])).decode()}
    old = signed(locker, "clientid", "ts", ts=str(int(locker.now()) - 1801))
    for path in ("oauth2/1/pull/issuers", "statistics/1/counts"):
        for form in (good, upper, in_base64):
            assert application.post(path, form).status_code == 200
        for form in (old, {**good, "hmac": "0" * 64}, {**good, "ts": "now"}):
            assert refusal(application.post(path, form)) == (400, "invalid_parameter")
        assert refusal(application.post(path, {**good, "clientid": "nobody"})) == (401, "invalid_client_id")


def test_counts(application: Application) -> None:
    said = application.post("statistics/1/counts", signed(application.locker, "clientid", "ts")).json()
    assert said["users"] == str(len(application.locker.people))
    assert len(said["count_as_on"]) == 8
