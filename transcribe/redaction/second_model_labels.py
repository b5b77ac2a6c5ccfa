"""Labels of other people's models, and the types that they mean here."""

import re
from functools import cache

_TYPES = {
    "PERSON": """
        per person name firstname lastname middlename givenname surname first_name last_name
        given_name nam username user_name nickname patient doctor staff hcw prefix_name full_name
        person_name
        """,
    "PLACE": "loc location gpe fac facility city country state county place region district town",
    "ORG": "org organization organisation hospital company employer school institution companyname company_name vendor",
    "ADDRESS": """
        address street street_address streetaddress building buildingnumber building_number
        secondaryaddress zipcode zip postcode postal_code zip_code full_address
        """,
    "PHONE": "phone phone_number phonenumber telephone telephonenum telephone_number mobile fax mobile_phone_number",
    "EMAIL": "email email_address e_mail",
    "URL": "url website ip ip_address ipv4 ipv6 social_media_handle handle",
    "ID": """
        id idnum id_number identification_number ssn social_security_number socialnum passport
        passport_number passportnum driverlicense driverlicensenum driver_licence driving_license
        account_number accountnumber accountnum bank_account bank_account_number iban credit_card
        credit_card_number creditcardnumber medical_record_number mrn health_insurance_number
        insurance_number national_id identity_card_number tax_id tax_identification_number taxnum
        idcard idcardnum license_plate vehicle_registration_number vehiclevrm vehiclevin password
        pin username_id
        """,
    "DATE": "date_of_birth dob dateofbirth birthdate birth_date",
    "AGE": "age",
}
_BY_LABEL = {label: entity_type for entity_type, labels in _TYPES.items() for label in labels.split()}

GLINER_LABELS = (
    *("person", "organization", "location", "address", "phone number", "email", "identity card number"),
    *("passport number", "bank account number", "medical record number", "date of birth", "age"),
)
"""What a GLiNER model is asked for; labels that PII models are trained with."""


@cache
def type_of_label(label: str) -> str:
    """Our type for a model's label (`B-PER`, `I-LOC`, `phone number`), empty for one that is not used.

    Not used are `O`, `MISC`, plain dates, quantities, and whatever else says nothing of who somebody is: research needs
    diagnoses, medicines and relative time.
    """
    plain = re.sub(r"^[BIESLU]-", "", label)
    return _BY_LABEL.get(re.sub(r"\W+", "_", plain.strip()).casefold(), "")
