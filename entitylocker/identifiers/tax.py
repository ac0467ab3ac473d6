"""Reading the numbers of the tax and customs authorities: PAN, TAN, GSTIN, IEC."""

from __future__ import annotations

from stdnum import luhn
from stdnum.exceptions import ValidationError
from stdnum.in_ import gstin, pan

from entitylocker.identifiers.kinds import IdentifierKind
from entitylocker.identifiers.normalise import compact
from entitylocker.identifiers.parts import Facts, Identifier, serial_at
from entitylocker.identifiers.places import GST_STATES, PAN_HOLDERS, STATES
from entitylocker.identifiers.problems import DoesNotAddUp, InvalidIdentifier, MustBeOneOf, UnknownState
from entitylocker.identifiers.shape import require_shape

_BASE_36 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_PAN = "AAAAA9999A"
_TAN = "AAAA99999A"
# The 14th character of a GSTIN, by the forms that the tax network publishes for its returns: Z and, for more than 35
# registrations of one PAN in a state, 1-9 and A-J; of these C and D say what the registration is for.
_REGISTRATIONS = "Z123456789ABCDEFGHIJ"
_REGISTERED_FOR = {"C": "tax_collector", "D": "tax_deductor"}
# Numbers for those who have no PAN: the 13th and 14th characters say who they are.
_WITHOUT_PAN = {
    "UN": "united_nations_body",
    "ON": "other_notified_body",
    "NR": "non_resident",
    "OS": "online_service_from_abroad",
}
# pan.validate of python-stdnum does not know E, which lists of the tax department have had for partnerships.
_NOT_IN_LIBRARY = {"E": "F"}


def read_pan(text: str) -> Identifier:
    """Ten characters; the fourth says whose it is. The rule of the last letter is not published."""
    kind, value = IdentifierKind.PAN, compact(text)
    require_shape(kind, value, _PAN)
    return Identifier(kind, value, _pan_facts(kind, value, 0))


def read_tan(text: str) -> Identifier:
    """Ten characters: three letters of the place, one of the deductor's name, five digits, a letter."""
    kind, value = IdentifierKind.TAN, compact(text)
    require_shape(kind, value, _TAN)
    return Identifier(kind, value, {"place": value[:3], "initial": value[3], "serial": value[4:9]})


def read_iec(text: str) -> Identifier:
    """The importer-exporter code: since 2018 the PAN of its holder, before that ten digits."""
    kind, value = IdentifierKind.IEC, compact(text)
    if _is_older_iec(value):
        require_shape(kind, value, "9999999999")
        return Identifier(kind, value, {"form": "before_2018", "serial": serial_at(kind, value, 2, 10)})
    require_shape(kind, value, _PAN)
    return Identifier(kind, value, _pan_facts(kind, value, 0) | {"form": "pan", "pan": value})


def _is_older_iec(value: str) -> bool:
    """By most of the first five characters: one that is mistyped must not make it another form."""
    return sum(character.isdigit() for character in value[:5]) > 2


def read_gstin(text: str) -> Identifier:
    """State, whose it is (PAN, for some authorities TAN), count, registration, check character (Luhn, base 36).

    The forms are those that the tax network publishes for its returns; the library knows the commonest only.
    """
    kind, value = IdentifierKind.GSTIN, compact(text)
    if value[12:14] in _WITHOUT_PAN:
        require_shape(kind, value, "9999AAA99999AA*")
        facts: Facts = {"registration": _WITHOUT_PAN[value[12:14]]}
    elif value[6:7].isdigit():
        require_shape(kind, value, f"99{_TAN}***")
        facts = {"tan": value[2:12], "registration": _registration(kind, value)}
    else:
        require_shape(kind, value, f"99{_PAN}***")
        facts = _pan_facts(kind, value, 2) | {"pan": value[2:12]}
        facts["registration"] = _registration(kind, value)
    facts |= _gst_state(kind, value)
    if not _gstin_adds_up(value):
        raise DoesNotAddUp(kind)
    return Identifier(kind, value, facts)


def _registration(kind: IdentifierKind, value: str) -> str:
    if value[12] == "0" and not value[6].isdigit():
        raise MustBeOneOf(kind, position=13, allowed="1-9, A-Z", typed="0")
    if value[13] not in _REGISTRATIONS:
        raise MustBeOneOf(kind, position=14, allowed="Z, 1-9, A-J", typed=value[13])
    return _REGISTERED_FOR.get(value[13], "regular")


def _gst_state(kind: IdentifierKind, value: str) -> Facts:
    if value[:2] not in GST_STATES:
        raise UnknownState(kind, position=1, last=2, typed=value[:2])
    state = GST_STATES[value[:2]]
    return {"state": state, "state_name": STATES[state]} if state else {}


def _gstin_adds_up(value: str) -> bool:
    """python-stdnum, and the bare arithmetic for the newer states and the registrations that it does not know."""
    return gstin.is_valid(value) or luhn.is_valid(value, _BASE_36)


def _pan_facts(kind: IdentifierKind, value: str, start: int) -> Facts:
    """Facts of the PAN that begins at `start`; positions in the errors are those of the whole value."""
    number = value[start : start + 10]
    holder = number[3]
    if holder not in PAN_HOLDERS:
        raise MustBeOneOf(kind, position=start + 4, allowed=", ".join(sorted(PAN_HOLDERS)), typed=holder)
    serial_at(kind, value, start + 5, start + 9)
    try:
        pan.validate(number[:3] + _NOT_IN_LIBRARY.get(holder, holder) + number[4:])
    except ValidationError as error:
        raise InvalidIdentifier(kind) from error
    return {"holder_type": holder, "holder": PAN_HOLDERS[holder]}
