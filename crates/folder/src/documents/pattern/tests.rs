//! Paths, and what patterns say of them.

use super::*;

/// What a path says when the export is not known.
fn read(patterns: &[Pattern], path: &str) -> Option<(usize, Claim)> {
    readings(patterns, path).into_iter().next()
}

fn said(patterns: &[&str], path: &str) -> Option<Vec<String>> {
    let patterns: Result<Vec<Pattern>, _> = patterns
        .iter()
        .map(|text| Pattern::compile(&PatternSetting::from(*text)))
        .collect();
    let (number, claim) = read(&patterns.ok()?, path)?;
    let fields = [
        DocumentField::Account,
        DocumentField::OwnerId,
        DocumentField::OwnerPlace,
        DocumentField::Type,
        DocumentField::Side,
        DocumentField::Country,
    ];
    let mut said = vec![number.to_string()];
    said.extend(
        fields
            .iter()
            .filter_map(|field| claim.value(*field).text().map(str::to_owned)),
    );
    said.extend(claim.items.iter().flatten().cloned());
    Some(said)
}

#[test]
fn paths_are_cut_where_a_reader_would_cut_them() {
    let two = [
        "{clientAccountId}/{documentType}_{documentSide}.*",
        "{clientAccountId}/{documentType}.*",
    ];
    let flat = ["{clientAccountId}_{owner_place}_{documentType}_{documentSide}*.png"];
    let any = ["{clientAccountId}/{documentType}*"];
    let cut = [
        "{clientAccountId}_{documentType}_*.pdf",
        "{clientAccountId}_{documentType}.pdf",
    ];
    for (patterns, path, wanted) in [
        (
            &two[..],
            "A1/DRIVERS_LICENSE_FRONT.png",
            "0 A1 DRIVERS_LICENSE FRONT",
        ),
        (&two, "A1/passport_back.pdf", "0 A1 PASSPORT BACK"),
        (&two, "A1/PASSPORT.pdf", "1 A1 PASSPORT"),
        (&two, "A1/PASSPORT_CARD.pdf", "1 A1 PASSPORT_CARD"),
        (&two, "A1/DRIVERS_LICENSE.x.pdf", "1 A1 DRIVERS_LICENSE"),
        (&two, "A1/PASPORT_FRONT.pdf", "0 A1 PASPORT FRONT"),
        (&two, "A 1%20é/VISA.pdf", "1 A 1%20é VISA"),
        (
            &flat,
            "A_1_2_DRIVERS_LICENSE_FRONT (1).png",
            "0 A_1 2 DRIVERS_LICENSE FRONT",
        ),
        (
            &["{clientAccountId}/{clientOwnerId}/{documentType}-{issueCountry}"],
            "A/O/VISA-usa",
            "0 A O VISA USA",
        ),
        (
            &["{clientAccountId}/{clientAccountId}_{documentType}"],
            "A/A_VISA",
            "0 A VISA",
        ),
        (
            &["{clientAccountId}/{clientAccountId}_{documentType}_{documentSide}.*"],
            "A_1/A_1_PASPORT_FRONT.png",
            "0 A_1 PASPORT FRONT",
        ),
        (
            &["{clientAccountId}/{clientAccountId}-{documentType}.*"],
            "A-1/A-1-VISA.pdf",
            "0 A-1 VISA",
        ),
        // A type ends where its word ends.
        (&any, "A/PASSPORT_CARD.pdf", "0 A PASSPORT_CARD"),
        (&any, "A/passport_card 2.pdf", "0 A PASSPORT_CARD"),
        (&any, "A/PASSPORT_2.pdf", "0 A PASSPORT"),
        (&any, "A/PASSPORT2.pdf", "0 A PASSPORT"),
        (&any, "A/PASSPORTS.pdf", "0 A PASSPORTS"),
        (&cut, "Z-1_PASSPORT_CARD.pdf", "1 Z-1 PASSPORT_CARD"),
        (&cut, "Z-1_PASSPORT_CARD_1.pdf", "0 Z-1 PASSPORT_CARD"),
        (&cut, "Z-1_PASSPORT_1.pdf", "0 Z-1 PASSPORT"),
        (
            &["{clientAccountId}/{documentType}/{kyb_item}.*"],
            "A/ENTITY_DUE_DILIGENCE/Governing_Documents+organization_chart.pdf",
            "0 A ENTITY_DUE_DILIGENCE governing_documents organization_chart",
        ),
    ] {
        assert_eq!(
            said(patterns, path).map(|said| said.join(" ")).as_deref(),
            Some(wanted),
            "{path}"
        );
    }
    for (patterns, path) in [
        (&two[..], "A1/sub/PASSPORT.pdf"),
        (&two, "PASSPORT.pdf"),
        (&two, "A1/.DS_Store"),
        (&cut[..1], "Z-1_PASSPORT_CARD.pdf"),
        (
            &["{clientAccountId}/{clientAccountId}_{documentType}"],
            "A/B_VISA",
        ),
        (
            &["{clientAccountId}/{owner_place}_{documentType}"],
            "A/x_VISA",
        ),
    ] {
        // A dot file has a name after its dot: only where nothing stands before the dot it is no type.
        assert_eq!(said(patterns, path), None, "{path}");
    }
}

#[test]
fn what_the_path_does_not_say_stands_beside_it() {
    let written = |path: &str, fixed: &[(DocumentField, &str)]| PatternSetting {
        path: path.to_owned(),
        fixed: fixed
            .iter()
            .map(|(field, value)| (*field, (*value).to_owned()))
            .collect(),
        ..PatternSetting::default()
    };
    let patterns: Vec<Pattern> = [
        written(
            "{clientAccountId}_DL_{documentSide}.*",
            &[
                (DocumentField::Type, "DRIVERS_LICENSE"),
                (DocumentField::OwnerPlace, "1"),
            ],
        ),
        written(
            "{clientAccountId}_bylaws.pdf",
            &[
                (DocumentField::Type, "ENTITY_DUE_DILIGENCE"),
                (DocumentField::Country, "USA"),
                (DocumentField::KybItem, "governing_documents"),
            ],
        ),
        "{clientAccountId}_{documentType}.*".into(),
    ]
    .iter()
    .map(|written| Pattern::compile(written).unwrap())
    .collect();
    let said = |path: &str| {
        let (number, claim) = read(&patterns, path)?;
        let texts = [
            DocumentField::Account,
            DocumentField::Type,
            DocumentField::Side,
            DocumentField::Country,
        ]
        .map(|field| claim.value(field).text().unwrap_or("-").to_owned());
        let items: Vec<String> = claim.items.into_iter().flatten().collect();
        Some(format!("{number} {} {}", texts.join(" "), items.join(" ")))
    };
    for (path, wanted) in [
        ("A1_DL_back.png", Some("0 A1 DRIVERS_LICENSE BACK - ")),
        (
            "A1_bylaws.pdf",
            Some("1 A1 ENTITY_DUE_DILIGENCE - USA governing_documents"),
        ),
        ("A1_PASSPORT.pdf", Some("2 A1 PASSPORT - - ")),
        ("A1.pdf", None),
    ] {
        assert_eq!(said(path).as_deref(), wanted, "{path}");
    }
    let twice = written(
        "{clientAccountId}_{documentType}.*",
        &[(DocumentField::Type, "VISA")],
    );
    let message = Pattern::compile(&twice).err().map(|(message, _)| message);
    assert_eq!(
        message.as_deref(),
        Some("the pattern says documentType twice")
    );
}

#[test]
fn mistakes_are_told() {
    for (text, message) in [
        ("{documentType}.pdf", "no {clientAccountId}"),
        ("{clientAccountId}.pdf", "no {documentType}"),
        (
            "{clientAcountId}/{documentType}",
            "no field {clientAcountId}",
        ),
        ("{clientAccountId}/{file}/{documentType}", "no field {file}"),
        ("{clientAccountId/{documentType}", "no field"),
        ("clientAccountId}/{documentType}", "partner"),
        ("/{clientAccountId}/{documentType}", "no path below"),
        ("../{clientAccountId}/{documentType}", "no path below"),
        ("{clientAccountId}//{documentType}", "no path below"),
        ("**/{clientAccountId}_{documentType}.pdf", "no `**`"),
        ("{clientAccountId}_{documentType}.pd?", "no `?`"),
        (r"{clientAccountId}\{documentType}.pdf", r"no `\`"),
    ] {
        let error = Pattern::compile(&PatternSetting::from(text))
            .err()
            .map(|(message, _)| message);
        assert!(
            error.as_ref().is_some_and(|error| error.contains(message)),
            "{text}: {error:?}"
        );
    }
}

#[test]
fn only_what_is_known_is_shown() {
    let pattern = Pattern::compile(&PatternSetting::from(
        "{clientAccountId}/{clientOwnerId}_{documentType}_*.png",
    ));
    let shown = pattern.map(|pattern| {
        pattern.shown(|field| match field {
            DocumentField::Account => Some("A1"),
            DocumentField::Type => Some("VISA"),
            _ => None,
        })
    });
    assert_eq!(shown.ok().as_deref(), Some("A1/{clientOwnerId}_VISA_*.png"));
}
