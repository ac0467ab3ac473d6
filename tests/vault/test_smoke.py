def test_smoke(sender):
    r = sender.get("/documents")
    assert r.status_code == 200, r.text
    d = sender.deposit()
    assert sender.listed()[0]["id"] == d["document_id"]
    for p in (
        "/documents",
        f"/documents/{d['document_id']}",
        "/documents/upload",
        "/documents/due",
        "/bin",
        f"/documents/{d['document_id']}/edit",
        f"/documents/{d['document_id']}/versions/add",
        f"/documents/{d['document_id']}/check",
    ):
        r = sender.get(p)
        assert r.status_code == 200, (p, r.text)
