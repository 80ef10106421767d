"""What an electrician keeps in store, and what both need."""

from lager.articles.model import Unit
from lager.demo.catalogue import Series

NORD = "Nordlicht Elektrogroßhandel"
STERN = "Stern & Sohn Installationstechnik"
ALT = "Befestigungstechnik Altmann"
LIND = "Werkzeug-Kontor Lindner"

CABLE = "Kabel & Leitungen"
BREAKERS = "Schutzschalter"
TERMINALS = "Klemmen"
SWITCHES = "Schalter & Steckdosen"
BOXES = "Dosen & Verteiler"
CONDUIT = "Rohre & Kanäle"
LIGHT = "Leuchten"
NETWORK = "Netzwerktechnik"
FIXING = "Befestigung"
TOOLS = "Verbrauch & Werkzeug"

ELECTRICS = (
    Series("2101", "Mantelleitung NYM-J {}, Ring 100 m", Unit.COIL, CABLE, NORD, ("KL-R1-1",),
           "3 × 1,5 mm²=62.40; 3 × 2,5 mm²=98.70; 5 × 1,5 mm²=99.80; 5 × 2,5 mm²=158.00; 7 × 1,5 mm²=164.00", 3,
           "Nach VDE 0250-204, grau. Auf, in und unter Putz."),
    Series("2102", "Mantelleitung NYM-J {}, Meterware", Unit.METRE, CABLE, NORD, ("KL-R1-2",),
           "5 × 4 mm²=2.95; 5 × 6 mm²=4.20; 5 × 10 mm²=7.10; 5 × 16 mm²=10.90; 4 × 25 mm²=15.80", 50),
    Series("2103", "Erdkabel NYY-J {}, Meterware", Unit.METRE, CABLE, NORD, ("KL-R1-3",),
           "3 × 1,5 mm²=1.18; 3 × 2,5 mm²=1.66; 5 × 1,5 mm²=1.72; 5 × 2,5 mm²=2.48; 5 × 6 mm²=5.35; "
           "5 × 10 mm²=8.60; 4 × 16 mm²=10.40", 50),
    Series("2104", "Aderleitung H07V-K {}, Ring 100 m", Unit.COIL, CABLE, NORD, ("KL-R1-4",),
           "1,5 mm² schwarz=22.80; 1,5 mm² blau=22.80; 1,5 mm² grün-gelb=22.80; 2,5 mm² schwarz=36.40; "
           "6 mm² grün-gelb=84.50; 10 mm² schwarz=148.00; 16 mm² grün-gelb=226.00", 2),
    Series("2105", "Gummischlauchleitung H07RN-F {}, Meterware", Unit.METRE, CABLE, NORD, ("KL-R1-4",),
           "3 × 1,5 mm²=1.85; 3 × 2,5 mm²=2.70; 5 × 2,5 mm²=4.40", 50),
    Series("2106", "Fernmeldeleitung J-Y(St)Y {}, Ring 100 m", Unit.COIL, CABLE, NORD, ("KL-R1-5",),
           "2 × 2 × 0,6 mm=38.50; 4 × 2 × 0,6 mm=62.00; 2 × 2 × 0,8 mm=54.00", 2),
    Series("2201", "Leitungsschutzschalter {}, 1-polig, 6 kA", Unit.PIECE, BREAKERS, STERN, ("KL-R2-1", "T2-F1"),
           "B 6 A=3.95; B 10 A=3.20; B 13 A=3.60; B 16 A=2.65; B 20 A=4.10; C 10 A=5.40; C 16 A=4.90; C 20 A=5.80", 12),
    Series("2202", "Leitungsschutzschalter {}, 3-polig, 6 kA", Unit.PIECE, BREAKERS, STERN, ("KL-R2-1", "T2-F1"),
           "B 16 A=16.40; B 20 A=18.90; C 16 A=19.80; C 20 A=21.40; C 32 A=23.60", 4),
    Series("2203", "FI-Schutzschalter {}, 4-polig", Unit.PIECE, BREAKERS, STERN, ("KL-R2-2", "T2-F1"),
           "25 A / 30 mA Typ A=31.80; 40 A / 30 mA Typ A=29.90; 63 A / 30 mA Typ A=48.60; "
           "40 A / 30 mA Typ B=289.00; 63 A / 300 mA Typ A=54.20", 4),
    Series("2204", "FI/LS-Schalter {}, 30 mA Typ A", Unit.PIECE, BREAKERS, STERN, ("KL-R2-2", "T2-F1"),
           "B 10 A=34.80; B 13 A=33.90; B 16 A=31.20; C 16 A=38.50", 4),
    Series("2205", "Überspannungsschutz {}", Unit.PIECE, BREAKERS, STERN, ("KL-R2-3",),
           "Typ 1+2, TN-S=248.00; Typ 2, TN-S=96.00; Typ 3 für Steckdose=24.60", 1),
    Series("2206", "Brandschutzschalter AFDD {}", Unit.PIECE, BREAKERS, STERN, ("KL-R2-3",),
           "B 10 A=92.00; B 16 A=89.00", 2),
    Series("2207", "Neozed-Sicherung D02 {}", Unit.PACK, BREAKERS, STERN, ("KL-R2-4", "T2-F1"),
           "25 A, 10 Stück=9.80; 35 A, 10 Stück=10.40; 50 A, 10 Stück=12.60; 63 A, 10 Stück=13.90", 2),
    Series("2301", "Wago-Verbindungsklemme 221 {}", Unit.PACK, TERMINALS, NORD, ("KL-R3-1", "T2-F2", "KD-F3"),
           "2-Leiter, 100 Stück=34.50; 3-Leiter, 50 Stück=21.90; 5-Leiter, 25 Stück=18.60; "
           "2-Leiter 6 mm², 50 Stück=32.80; 3-Leiter 6 mm², 30 Stück=27.40", 4,
           "Mit Hebel, für ein-, mehr- und feindrähtige Leiter 0,14 bis 4 mm²."),
    Series("2302", "Wago-Dosenklemme 2273 {}", Unit.PACK, TERMINALS, NORD, ("KL-R3-1", "T2-F2", "KD-F3"),
           "2-Leiter, 100 Stück=12.80; 3-Leiter, 100 Stück=15.90; 5-Leiter, 100 Stück=23.70; "
           "8-Leiter, 50 Stück=19.40", 5),
    Series("2303", "Wago-Leuchtenklemme 224 {}", Unit.PACK, TERMINALS, NORD, ("KL-R3-1", "T2-F2"),
           "weiß, 100 Stück=19.80; schwarz, 100 Stück=20.60", 3),
    Series("2304", "Aderendhülse isoliert {}, 100 Stück", Unit.BAG, TERMINALS, NORD, ("KL-R3-2", "T2-F2"),
           "0,75 mm² grau=2.10; 1,5 mm² schwarz=2.30; 2,5 mm² blau=2.80; 4 mm² grau=3.60; 6 mm² gelb=4.90; "
           "10 mm² rot=6.40", 5),
    Series("2305", "Reihenklemme {}", Unit.PIECE, TERMINALS, NORD, ("KL-R3-2",),
           "2,5 mm² grau=0.68; 2,5 mm² blau=0.70; 2,5 mm² grün-gelb=1.95; 6 mm² grau=1.15; 10 mm² grau=1.90", 40),
    Series("2401", "Schuko-Steckdose Unterputz {}", Unit.PIECE, SWITCHES, STERN, ("KL-R3-3", "T2-F3"),
           "reinweiß=3.80; anthrazit=6.40; mit Kinderschutz, reinweiß=4.60; mit USB-C, reinweiß=34.90; "
           "mit Klappdeckel, reinweiß=8.90", 20),
    Series("2402", "Schalter-Einsatz {}", Unit.PIECE, SWITCHES, STERN, ("KL-R3-3", "T2-F3"),
           "Wechsel=4.10; Serien=6.80; Kreuz=9.70; Taster=4.90; Kontroll-Wechsel=8.60; Jalousie=12.40", 12),
    Series("2403", "Wippe reinweiß {}", Unit.PIECE, SWITCHES, STERN, ("KL-R3-4", "T2-F3"),
           "einfach=1.90; Serien=2.80; mit Linse=2.95; Jalousie=3.40", 15),
    Series("2404", "Abdeckrahmen reinweiß {}", Unit.PIECE, SWITCHES, STERN, ("KL-R3-4", "T2-F3"),
           "1-fach=1.60; 2-fach=2.70; 3-fach=4.20; 4-fach=6.90; 5-fach=9.80", 15),
    Series("2405", "Dimmer-Einsatz {}", Unit.PIECE, SWITCHES, STERN, ("KL-R3-4",),
           "LED 3–100 W=46.80; Universal 20–400 W=58.00", 2),
    Series("2406", "Bewegungsmelder {}", Unit.PIECE, SWITCHES, STERN, ("KL-R3-4",),
           "Unterputz 180°=62.00; Aufputz außen 240°, weiß=54.00; Decke 360°=69.00", 2),
    Series("2407", "CEE-Steckdose Wand {}", Unit.PIECE, SWITCHES, STERN, ("KL-R3-5",),
           "16 A 5-polig=9.80; 32 A 5-polig=13.40; 63 A 5-polig=42.00", 3),
    Series("2501", "Gerätedose Unterputz {}", Unit.PIECE, BOXES, NORD, ("KL-R4-1", "T2-F3"),
           "47 mm tief=0.42; 61 mm tief=0.49; winddicht 61 mm=1.35", 60),
    Series("2502", "Hohlwanddose {}", Unit.PIECE, BOXES, NORD, ("KL-R4-1", "T2-F3"),
           "47 mm tief=0.68; 61 mm tief=0.79; winddicht 61 mm=1.65; Doppeldose=2.40", 40),
    Series("2503", "Abzweigdose Aufputz {}", Unit.PIECE, BOXES, NORD, ("KL-R4-2", "T2-F3"),
           "75 × 75 mm IP54=1.20; 85 × 85 mm IP54=1.55; 100 × 100 mm IP54=2.40; 150 × 110 mm IP65=5.80", 15),
    Series("2504", "Kleinverteiler Aufputz {}", Unit.PIECE, BOXES, NORD, ("KL-R4-3",),
           "1-reihig, 12 TE=18.60; 2-reihig, 24 TE=34.80; 3-reihig, 36 TE=49.90", 2),
    Series("2505", "Kleinverteiler Unterputz {}", Unit.PIECE, BOXES, NORD, ("KL-R4-3",),
           "2-reihig, 24 TE=58.00; 3-reihig, 36 TE=72.00; 4-reihig, 48 TE=89.00", 1),
    Series("2506", "Phasenschiene 3-polig {}", Unit.PIECE, BOXES, NORD, ("KL-R4-3",),
           "12 TE, Gabel=6.90; 12 TE, Stift=6.40; 57 TE, Gabel=24.80", 3),
    Series("2601", "Installationsrohr flexibel {}", Unit.COIL, CONDUIT, NORD, ("AL-4",),
           "M16, 50 m=14.90; M20, 50 m=17.80; M25, 50 m=23.60; M32, 25 m=19.40", 3),
    Series("2602", "Stangenrohr PVC grau {}, 2 m", Unit.BAR, CONDUIT, NORD, ("AL-4",),
           "M16=1.15; M20=1.48; M25=2.05; M32=2.95", 20),
    Series("2603", "Kabelkanal weiß {}, 2 m", Unit.BAR, CONDUIT, NORD, ("AL-4",),
           "15 × 15 mm=2.60; 20 × 35 mm=4.20; 40 × 60 mm=8.70; 60 × 110 mm=17.90", 8),
    Series("2701", "LED-Feuchtraumleuchte {}", Unit.PIECE, LIGHT, STERN, ("KL-R4-4",),
           "600 mm, 18 W=24.80; 1200 mm, 36 W=34.60; 1500 mm, 48 W=42.90", 3),
    Series("2702", "LED-Einbaustrahler {}", Unit.PIECE, LIGHT, STERN, ("KL-R4-4", "T2-F3"),
           "68 mm, weiß, 2700 K=12.90; 68 mm, weiß, 4000 K=12.90; 68 mm, schwarz, 2700 K=14.60; "
           "IP65, weiß, 2700 K=21.80", 10),
    Series("2703", "LED-Panel {}", Unit.PIECE, LIGHT, STERN, ("KL-R4-4",),
           "620 × 620 mm, 4000 K=49.00; 300 × 1200 mm, 4000 K=54.00", 2),
    Series("2801", "Datenkabel {}", Unit.ROLL, NETWORK, NORD, ("KL-R1-5",),
           "Cat 7 simplex, 100 m=78.00; Cat 7 duplex, 100 m=154.00; Cat 7 simplex, 500 m=368.00", 1),
    Series("2802", "Netzwerkdose Cat 6A {}", Unit.PIECE, NETWORK, NORD, ("KL-R3-5", "T2-F3"),
           "2-fach Unterputz=16.90; 2-fach Aufputz=18.40; Keystone-Modul=5.80; Zentralplatte reinweiß=3.10", 6),
    Series("2803", "Patchkabel Cat 6A {}", Unit.PIECE, NETWORK, NORD, ("KL-R3-5",),
           "0,5 m grau=3.20; 1 m grau=3.60; 2 m grau=4.40; 5 m grau=7.20", 6),
    Series("3101", "Universaldübel {}", Unit.PACK, FIXING, ALT, ("HL-R7-1", "T1-F4", "T2-F4", "KD-F3"),
           "6 × 30 mm, 100 Stück=5.90; 8 × 40 mm, 100 Stück=7.80; 10 × 50 mm, 50 Stück=8.40; "
           "12 × 60 mm, 25 Stück=8.90", 6),
    Series("3102", "Spanplattenschraube Senkkopf {}", Unit.PACK, FIXING, ALT, ("HL-R7-1", "T1-F4", "T2-F4"),
           "3,5 × 35 mm, 200 Stück=5.40; 4 × 40 mm, 200 Stück=6.80; 4,5 × 50 mm, 200 Stück=9.20; "
           "5 × 60 mm, 100 Stück=7.90; 6 × 80 mm, 100 Stück=14.60", 5),
    Series("3103", "Rohrschelle mit Gummieinlage {}", Unit.PIECE, FIXING, ALT, ("HL-R7-2", "T1-F4"),
           "12–14 mm=0.72; 15–18 mm=0.74; 20–23 mm=0.82; 26–28 mm=0.95; 32–36 mm=1.15; 108–114 mm=2.90", 40),
    Series("3104", "Stockschraube {}", Unit.PACK, FIXING, ALT, ("HL-R7-2", "T1-F4"),
           "M8 × 80 mm, 50 Stück=9.80; M8 × 100 mm, 50 Stück=11.20; M10 × 120 mm, 25 Stück=10.60", 4),
    Series("3105", "Nagelschelle {}, 100 Stück", Unit.PACK, FIXING, ALT, ("HL-R7-3", "T2-F4"),
           "7–11 mm grau=4.20; 10–14 mm grau=5.10; 14–20 mm grau=6.80", 5),
    Series("3106", "Kabelbinder schwarz {}, 100 Stück", Unit.PACK, FIXING, ALT, ("HL-R7-3", "T1-F4", "T2-F4", "KD-F3"),
           "100 × 2,5 mm=1.60; 200 × 3,6 mm=3.20; 300 × 4,8 mm=6.40; 370 × 7,6 mm=11.80", 6),
    Series("3107", "Montageschiene {}, 2 m", Unit.BAR, FIXING, ALT, ("AL-4",),
           "28 × 18 mm=7.40; 38 × 40 mm=14.80; 41 × 41 mm=18.20", 6),
    Series("3201", "Hammerbohrer SDS-plus {}", Unit.PIECE, TOOLS, LIND, ("HL-R7-4", "T1-F4", "T2-F4"),
           "6 × 160 mm=4.60; 8 × 160 mm=5.20; 10 × 160 mm=6.10; 12 × 200 mm=8.40; 16 × 310 mm=17.90", 3),
    Series("3202", "Trennscheibe {}", Unit.PIECE, TOOLS, LIND, ("HL-R7-4", "T1-F4"),
           "125 × 1 mm Edelstahl=1.45; 125 mm Diamant=16.80; 230 mm Diamant=38.00", 5),
    Series("3203", "Isolierband 15 mm × 10 m {}", Unit.ROLL, TOOLS, LIND, ("HL-R7-4", "T2-F4", "KD-F3"),
           "schwarz=0.95; grün-gelb=0.95; blau=0.95; rot=0.95; weiß=0.95", 10),
    Series("3204", "Sägeblatt Säbelsäge {}", Unit.PIECE, TOOLS, LIND, ("HL-R7-4", "T1-F4"),
           "Metall 150 mm=3.80; Metall 225 mm=5.40; Holz 240 mm=4.20", 5),
    Series("3205", "Batterie Alkaline {}", Unit.PACK, TOOLS, LIND, ("HL-R7-4", "KD-F3"),
           "AA, 10 Stück=5.90; AAA, 10 Stück=5.90; 9-V-Block=3.20; CR2032, 5 Stück=4.80", 3),
    Series("3206", "Arbeitshandschuh {}", Unit.PAIR, TOOLS, LIND, ("HL-R7-5",),
           "Montage, Größe 9=2.90; Montage, Größe 10=2.90; Schnittschutz C, Größe 10=8.40", 6),
    Series("3207", "Spannungsprüfer {}", Unit.PIECE, TOOLS, LIND, ("HL-R7-5", "T2-F4"),
           "zweipolig, 690 V=64.00; berührungslos=24.80", 1),
)  # fmt: skip
