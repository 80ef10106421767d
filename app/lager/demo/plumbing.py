"""What a plumber keeps in store."""

from lager.articles.model import Unit
from lager.demo.catalogue import Series

RHEIN = "Rheinhaus Sanitärgroßhandel"
VOSS = "Krämer & Voss Haustechnik"

PIPES = "Rohre"
FITTINGS = "Fittings"
VALVES = "Armaturen"
DRAIN = "Abwasser"
HEATING = "Heizung"
SANITARY = "Sanitär"
SEALING = "Dichtmittel"

PLUMBING = (
    Series("1101", "Kupferrohr blank {}, Stange 5 m", Unit.BAR, PIPES, RHEIN, ("HL-R1-1",),
           "12 × 1 mm=21.40; 15 × 1 mm=26.90; 18 × 1 mm=32.75; 22 × 1 mm=41.20; 28 × 1,5 mm=74.60; "
           "35 × 1,5 mm=98.30; 42 × 1,5 mm=121.00",
           6, "Nach DIN EN 1057, hart, für Trinkwasser, Heizung und Gas."),
    Series("1102", "Kupferrohr weich {}, Ring 25 m", Unit.COIL, PIPES, RHEIN, ("HL-R1-2",),
           "10 × 1 mm=118.00; 12 × 1 mm=139.50; 15 × 1 mm=176.00; 18 × 1 mm=214.00", 2),
    Series("1103", "Mehrschichtverbundrohr {}, Ring 50 m", Unit.COIL, PIPES, VOSS, ("HL-R1-2",),
           "16 × 2 mm=68.90; 20 × 2 mm=97.40; 26 × 3 mm=182.00", 2, "PE-RT/Al/PE-RT, für Trinkwasser und Heizung."),
    Series("1104", "Edelstahlrohr {}, Stange 6 m", Unit.BAR, PIPES, VOSS, ("HL-R1-1",),
           "15 × 1 mm=39.80; 18 × 1 mm=46.20; 22 × 1,2 mm=61.50; 28 × 1,2 mm=79.90; 35 × 1,5 mm=118.00", 4),
    Series("1105", "Gewinderohr verzinkt {}, Stange 6 m", Unit.BAR, PIPES, RHEIN, ("HL-R1-1",),
           "1/2 Zoll=31.20; 3/4 Zoll=39.60; 1 Zoll=56.10; 1 1/4 Zoll=73.80", 3),
    Series("1201", "Pressfitting Kupfer Bogen 90° {}", Unit.PIECE, FITTINGS, RHEIN, ("HL-R2-1", "T1-F1"),
           "12 mm=3.15; 15 mm=2.89; 18 mm=3.42; 22 mm=4.18; 28 mm=7.95; 35 mm=16.40",
           20, "V-Kontur, mit EPDM-Dichtring."),
    Series("1202", "Pressfitting Kupfer Bogen 45° {}", Unit.PIECE, FITTINGS, RHEIN, ("HL-R2-1", "T1-F1"),
           "15 mm=3.24; 18 mm=3.81; 22 mm=4.66; 28 mm=8.35", 15),
    Series("1203", "Pressfitting Kupfer T-Stück {}", Unit.PIECE, FITTINGS, RHEIN, ("HL-R2-2", "T1-F1"),
           "15 mm=4.95; 18 mm=5.78; 22 mm=7.10; 28 mm=13.20; 22-15-22 mm=8.05", 15),
    Series("1204", "Pressfitting Kupfer Muffe {}", Unit.PIECE, FITTINGS, RHEIN, ("HL-R2-2", "T1-F1"),
           "12 mm=1.98; 15 mm=1.86; 18 mm=2.24; 22 mm=2.79; 28 mm=4.90", 20),
    Series("1205", "Pressfitting Kupfer Reduzierstück {}", Unit.PIECE, FITTINGS, RHEIN, ("HL-R2-3",),
           "18-15 mm=2.95; 22-15 mm=3.60; 22-18 mm=3.72; 28-22 mm=5.85", 10),
    Series("1206", "Pressfitting Rotguss Übergang AG {}", Unit.PIECE, FITTINGS, RHEIN, ("HL-R2-3", "T1-F2"),
           "15 mm × 1/2 Zoll=5.40; 18 mm × 1/2 Zoll=6.10; 22 mm × 3/4 Zoll=8.45; 28 mm × 1 Zoll=13.90", 10),
    Series("1207", "Pressfitting Rotguss Wandscheibe {}", Unit.PIECE, FITTINGS, RHEIN, ("HL-R2-4", "T1-F2"),
           "15 mm × 1/2 Zoll=9.80; 18 mm × 1/2 Zoll=11.30", 12),
    Series("1208", "Verbundrohr-Pressbogen 90° {}", Unit.PIECE, FITTINGS, VOSS, ("HL-R2-4",),
           "16 mm=5.60; 20 mm=7.25; 26 mm=13.70", 15),
    Series("1209", "Verbundrohr-Presskupplung {}", Unit.PIECE, FITTINGS, VOSS, ("HL-R2-4",),
           "16 mm=4.30; 20 mm=5.55; 26 mm=10.20", 15),
    Series("1210", "Messing-Doppelnippel {}", Unit.PIECE, FITTINGS, RHEIN, ("HL-R2-5", "T1-F2"),
           "3/8 Zoll=1.35; 1/2 Zoll=1.62; 3/4 Zoll=2.48; 1 Zoll=4.15", 15),
    Series("1211", "Messing-Hahnverlängerung 1/2 Zoll, {}", Unit.PIECE, FITTINGS, RHEIN, ("HL-R2-5", "T1-F2", "KD-F1"),
           "10 mm=1.78; 15 mm=1.95; 20 mm=2.25; 25 mm=2.60; 30 mm=2.95; 50 mm=4.40", 15),
    Series("1301", "Kugelhahn Messing mit Hebel {}", Unit.PIECE, VALVES, VOSS, ("HL-R3-1", "T1-F3"),
           "1/2 Zoll=7.60; 3/4 Zoll=10.90; 1 Zoll=16.40; 1 1/4 Zoll=27.80; 1 1/2 Zoll=38.90", 6),
    Series("1302", "Eckventil verchromt 1/2 Zoll × {}", Unit.PIECE, VALVES, VOSS, ("HL-R3-1", "T1-F3", "KD-F1"),
           "3/8 Zoll=5.95; 3/8 Zoll mit Filter=9.40; 1/2 Zoll=7.10", 10),
    Series("1303", "Rückflussverhinderer {}", Unit.PIECE, VALVES, VOSS, ("HL-R3-1",),
           "1/2 Zoll=11.80; 3/4 Zoll=14.60; 1 Zoll=21.30", 4),
    Series("1304", "Schrägsitzventil Rotguss {}", Unit.PIECE, VALVES, VOSS, ("HL-R3-2",),
           "1/2 Zoll=28.40; 3/4 Zoll=36.90; 1 Zoll=54.20", 3),
    Series("1305", "Einhebelmischer {}", Unit.PIECE, VALVES, RHEIN, ("HL-R3-3",),
           "Waschtisch, chrom=68.00; Spüle, Schwenkauslauf=89.00; Wanne, Aufputz=112.00; Dusche, Aufputz=96.00", 2),
    Series("1306", "Druckminderer mit Manometer {}", Unit.PIECE, VALVES, VOSS, ("HL-R3-2",),
           "3/4 Zoll=64.00; 1 Zoll=78.50", 2),
    Series("1307", "Hauswasserfilter rückspülbar {}", Unit.PIECE, VALVES, VOSS, ("HL-R3-2",),
           "3/4 Zoll=129.00; 1 Zoll=139.00; 1 1/4 Zoll=164.00", 2),
    Series("1401", "HT-Rohr {}", Unit.PIECE, DRAIN, RHEIN, ("HL-R4-1",),
           "DN 40 × 500 mm=2.10; DN 50 × 500 mm=2.30; DN 50 × 1000 mm=3.65; DN 75 × 1000 mm=5.40; "
           "DN 110 × 500 mm=5.20; DN 110 × 1000 mm=8.30; DN 110 × 2000 mm=15.60",
           8, "Polypropylen, heißwasserbeständig bis 95 °C kurzzeitig."),
    Series("1402", "HT-Bogen {}", Unit.PIECE, DRAIN, RHEIN, ("HL-R4-2", "T1-F3"),
           "DN 40 45°=1.05; DN 50 15°=1.20; DN 50 45°=1.15; DN 50 87°=1.28; DN 75 45°=2.35; DN 110 15°=2.95; "
           "DN 110 45°=3.10; DN 110 87°=3.45", 12),
    Series("1403", "HT-Abzweig {}", Unit.PIECE, DRAIN, RHEIN, ("HL-R4-2",),
           "DN 50/50 45°=2.60; DN 50/50 87°=2.75; DN 110/50 45°=5.60; DN 110/110 45°=7.90; DN 110/110 87°=8.15", 6),
    Series("1404", "KG-Rohr {}", Unit.PIECE, DRAIN, RHEIN, ("AL-1",),
           "DN 110 × 1000 mm=9.40; DN 110 × 2000 mm=17.20; DN 125 × 1000 mm=12.80; DN 160 × 1000 mm=19.60", 6),
    Series("1405", "Siphon {}", Unit.PIECE, DRAIN, VOSS, ("HL-R4-3", "T1-F3", "KD-F1"),
           "Waschtisch Flasche, chrom=18.90; Waschtisch Röhre, weiß=6.80; Spüle einfach=9.70; "
           "Spüle doppelt=14.90; Waschmaschine Unterputz=32.50", 5),
    Series("1501", "Heizkörper Typ 22 {}", Unit.PIECE, HEATING, VOSS, ("HL-R5-1",),
           "600 × 600 mm=148.00; 600 × 800 mm=179.00; 600 × 1000 mm=212.00; 600 × 1200 mm=246.00; "
           "900 × 600 mm=203.00", 2),
    Series("1502", "Thermostatkopf {}", Unit.PIECE, HEATING, VOSS, ("HL-R5-2", "KD-F2"),
           "M30 × 1,5, weiß=14.60; M30 × 1,5, chrom=22.80; Klemmanschluss, weiß=16.90; Funk, weiß=49.00", 8),
    Series("1503", "Thermostatventil-Unterteil {}", Unit.PIECE, HEATING, VOSS, ("HL-R5-2",),
           "Eck 1/2 Zoll=13.90; Durchgang 1/2 Zoll=14.40; Axial 1/2 Zoll=18.60", 6),
    Series("1504", "Rücklaufverschraubung {}", Unit.PIECE, HEATING, VOSS, ("HL-R5-2",),
           "Eck 1/2 Zoll=8.20; Durchgang 1/2 Zoll=8.60", 6),
    Series("1505", "Hocheffizienz-Umwälzpumpe {}", Unit.PIECE, HEATING, VOSS, ("HL-R5-3",),
           "25-40, 180 mm=169.00; 25-60, 180 mm=189.00; 30-60, 180 mm=214.00", 1),
    Series("1506", "Membran-Ausdehnungsgefäß {}", Unit.PIECE, HEATING, VOSS, ("HL-R5-3",),
           "18 Liter=38.00; 25 Liter=46.00; 35 Liter=59.00; 50 Liter=84.00", 1),
    Series("1507", "Sicherheitsventil Heizung 3 bar {}", Unit.PIECE, HEATING, VOSS, ("HL-R5-2", "KD-F2"),
           "1/2 Zoll=9.90; 3/4 Zoll=14.70", 4),
    Series("1508", "Rohrisolierung PE {}, Länge 2 m", Unit.PIECE, HEATING, RHEIN, ("AL-2",),
           "15 × 13 mm=1.45; 18 × 13 mm=1.60; 22 × 20 mm=2.90; 28 × 20 mm=3.40; 35 × 30 mm=6.20", 30),
    Series("1601", "Wand-WC {}", Unit.PIECE, SANITARY, RHEIN, ("AL-3",),
           "spülrandlos, weiß=168.00; spülrandlos, kurz 49 cm=194.00; barrierefrei 70 cm=318.00", 1),
    Series("1602", "WC-Sitz mit Absenkautomatik {}", Unit.PIECE, SANITARY, RHEIN, ("HL-R6-1",),
           "D-Form=49.00; oval=44.00; barrierefrei=86.00", 2),
    Series("1603", "Spülkasten-Ersatzteil {}", Unit.PIECE, SANITARY, RHEIN, ("HL-R6-2", "KD-F1"),
           "Füllventil 3/8 Zoll=16.80; Heberglocke=24.50; Glockendichtung=3.20; Drückerplatte weiß=29.90; "
           "Drückerplatte chrom matt=46.00", 4),
    Series("1604", "Panzerschlauch 3/8 Zoll {}", Unit.PIECE, SANITARY, RHEIN, ("HL-R6-2", "T1-F2", "KD-F1"),
           "300 mm=3.60; 500 mm=4.20; 800 mm=5.40", 10),
    Series("1605", "Brauseschlauch chrom {}", Unit.PIECE, SANITARY, RHEIN, ("HL-R6-2", "KD-F1"),
           "1,25 m=9.80; 1,60 m=11.40; 2,00 m=13.90", 4),
    Series("1701", "Dichtung {}", Unit.BAG, SEALING, RHEIN, ("HL-R6-3", "T1-F2", "KD-F1"),
           "Fiber 1/2 Zoll, 50 Stück=4.80; Fiber 3/4 Zoll, 50 Stück=5.60; EPDM 3/8 Zoll, 50 Stück=6.20; "
           "O-Ring-Sortiment, 225 Stück=18.90", 3),
    Series("1702", "Gewindedichtung {}", Unit.PIECE, SEALING, RHEIN, ("HL-R6-3", "T1-F2", "KD-F1"),
           "Hanf, Zopf 100 g=3.90; Dichtpaste 250 g=9.60; PTFE-Band 12 m=1.40; Dichtfaden 160 m=14.80", 5),
    Series("1703", "Sanitärsilikon 310 ml {}", Unit.CARTRIDGE, SEALING, RHEIN, ("HL-R6-4", "T1-F2"),
           "transparent=5.90; weiß=5.90; manhattan=6.20; anthrazit=6.40; silbergrau=6.20", 12),
)  # fmt: skip
