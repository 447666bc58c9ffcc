package io.lakeloop.text.personal;

import java.util.regex.Pattern;

/** What stands before and behind a postal code, and before and behind numbers that are none. */
final class PostalPatterns {
  static final Pattern PREFIX =
      Pattern.compile(
          "(?<![\\p{L}\\p{N}-])(?:DE?|AT?|CH|FR?|IT?|ES?|BE?|LU?|NL?|DK|SE?|NO|FIN?|PL|CZ|SK|HU?|PT?|GR|HR|SI"
              + "|RO|BG|LT|LV|EE|MD|FL|LI|MC|AD)-$");

  /** The quantities and times of which there are five digits. */
  private static final String UNITS =
      "(?:EUR|USD|GBP|CHF|JPY|Euros?|Dollars?|Pounds?|Franken|Francs|Rupees|Kilometers?|Kilomètres|Meters?"
          + "|Metres?|Miles|Feet|Steps|Stück|Seiten|Pages|Zeichen|Wörtern?|Words|Minuten|Minutes|Stunden"
          + "|Hours|Tagen?|Days|Wochen|Weeks|Monaten?|Months|Jahren?|Years|Kunden|Customers|Personen"
          + "|Persons|Menschen|People|Einwohnern?|Leuten?|Items|Users|Points|Punkten?|Leagues|Mitarbeitern?"
          + "|Employees|Artikeln?|Exemplaren?|Dateien|Files|Zeilen|Lines|Rows|Records|Tokens|Volt|Watt|Hertz"
          + "|Kilogramm|Gramm|Liter|Tonnen|Americans|Germans|Mal)(?!\\p{L})";

  /** What numbers stand behind that are no places. */
  private static final String THINGS =
      "(?:Windows|Office|Excel|Word|Outlook|Server|Room|Building|Chapter|Section|Version|Model|Flight|Gate|Page"
          + "|Line|Figure|Fig|Table|Article|Act|Python|Java|Nokia|Peugeot|Boeing|Airbus|Area|Batch|Lot|Unit"
          + "|Suite|Apt|Apartment|Flat|Floor|Level|Block|Box|Postbox|Postfach|No|Nr|Number|House|Haus|Tower"
          + "|Order|Invoice|Ticket|Case|Item|Part|Step|Season|Episode|Volume|Vol|Issue|Class|Type|Series"
          + "|Formula|Agenda|Summer|Winter|Spring|Autumn|Fall|Q[1-4]|Port|Code|Error|PIN|Year|Highway|Route"
          + "|Interstate|Bus|Train|Channel|Studio|Group|Level|Score|Rank|Grade|Size|Top|About|Over|Under"
          + "|Between|Around|Nearly|The|And|Or|Of|Is|Was|For|By|With|Than|Only|Total|Was|Since|Until"
          + "|Jan\\p{L}*|Feb\\p{L}*|Mar\\p{L}*|Apr\\p{L}*|May|Mai|Jun\\p{L}*|Jul\\p{L}*|Aug\\p{L}*|Sep\\p{L}*"
          + "|O[ck]t\\p{L}*|Nov\\p{L}*|De[cz]\\p{L}*)";

  private static final String NAME =
      "(?:\\p{Lu}[\\p{L}'’-]+|\\p{Lu}\\.|\\p{L}{2}\\.|St|de|do|da|dos|del|di|la|le|les|van|der|den|am|an der"
          + "|upon|sur|sous|bei|im|ob)";

  static final Pattern UNIT_BEHIND = Pattern.compile("^ ?(?:" + UNITS + "|[%€$£¥])");

  static final Pattern THING_BEFORE = Pattern.compile("(?<!\\p{L})" + THINGS + "\\.?,?[ #:]{0,2}$");

  static final Pattern NUMBERED_THING_BEFORE =
      Pattern.compile("(?<!\\p{L})" + THINGS + " \\d+,?\\s+$");

  static final Pattern YEAR = Pattern.compile("(?:1[89]|20[0-4])\\d{1,2}");

  static final Pattern WORD_BEFORE =
      Pattern.compile(
          "(?i)(?<!\\p{L})(?:zip|zip ?-?codes?|postal|postal ?codes?|post ?codes?|plz|postleitzahl|code postal"
              + "|código postal|cap|cep|pin ?code|eircode)(?: is| was| ist| est| es)?[:#]? ?$");

  private static final String STATES =
      "A[AEKLPRSZ]|C[AOT]|D[CE]|FL|FM|G[AU]|HI|I[ADLN]|K[SY]|LA|M[ADEHINOPST]|N[CDEHJMVY]|O[HKR]|P[ARW]|RI"
          + "|S[CD]|T[NX]|UT|V[AIT]|W[AIVY]";

  static final String STATE_NAMES =
      "Alabama|Alaska|Arizona|Arkansas|California|Colorado|Connecticut|Delaware|Florida|Georgia|Hawaii|Idaho"
          + "|Illinois|Indiana|Iowa|Kansas|Kentucky|Louisiana|Maine|Maryland|Massachusetts|Michigan"
          + "|Minnesota|Mississippi|Missouri|Montana|Nebraska|Nevada|New (?:Hampshire|Jersey|Mexico|York)"
          + "|(?:North|South) (?:Carolina|Dakota)|Ohio|Oklahoma|Oregon|Pennsylvania|Rhode Island|Tennessee"
          + "|Texas|Utah|Vermont|(?:West )?Virginia|Washington|Wisconsin|Wyoming|Puerto Rico";

  static final Pattern STATE_BEFORE =
      Pattern.compile(
          "(?:(?<![\\p{L}\\p{N}])(?:" + STATES + "),?|,\\s?(?i:" + STATES + "),?)\\s{1,6}$");

  static final Pattern STATE_NAME_BEFORE =
      Pattern.compile("(?<!\\p{L})(?:" + STATE_NAMES + "),?\\s{1,6}$");

  static final Pattern AUSTRALIAN_STATE =
      Pattern.compile("(?<!\\p{L})(?:NSW|VIC|Vic|QLD|Qld|TAS|Tas|ACT|SA|WA|NT),?\\s{1,4}$");

  static final Pattern INDIAN_PLACE =
      Pattern.compile(
          "(?<!\\p{L})(?:(?:New )?Delhi|Mumbai|Bangalore|Bengaluru|Chennai|Kolkata|Hyderabad|Pune|Ahmedabad|Jaipur"
              + "|Lucknow|Surat|Kanpur|Nagpur|Indore|Bhopal|Patna|Vadodara|Noida|Gurgaon|Gurugram|Ghaziabad"
              + "|Faridabad|Thane|Kochi|Coimbatore|Mysore|Mysuru|Chandigarh|Visakhapatnam|Goa|Assam|Bihar"
              + "|Chhattisgarh|Gujarat|Haryana|Himachal Pradesh|Jharkhand|Karnataka|Kerala|Madhya Pradesh"
              + "|Maharashtra|Odisha|Punjab|Rajasthan|Sikkim|Tamil Nadu|Telangana|Tripura|Uttarakhand"
              + "|(?:Andhra|Uttar|Arunachal) Pradesh|West Bengal|India|Singapore)[,.]?\\s?[-:(]?\\s?$");

  static final Pattern RUSSIAN =
      Pattern.compile("(?:г\\.|город|ул\\.|улица|просп|Россия|Москва|обл|Київ|вул\\.|Україна)");

  static final Pattern PLACE_BEFORE =
      Pattern.compile(
          "(?:(?:^|[\\s,(>])(?:\\p{Lu}[\\p{L}.'’-]*\\p{L}\\)?|nan)(?:\\s{0,3},\\s{0,2}\\p{L}{1,3}|\\s[A-Z]{2,3})?(?:\\s{0,3},)?\\s{1,6}"
              + "|,\\s{0,2}(?:\\p{L}{2,3}|\\d{2})\\s{1,6})$");

  static final Pattern LINE_BEFORE = Pattern.compile("\\n[>? ]*$");

  static final Pattern IN_PLACE =
      Pattern.compile(
          "(?<!\\p{L})(in|at|near|from|to|of) (?:" + NAME + ",? ){0,4}\\p{Lu}[\\p{L}'’-]*,? $");

  /** A street with its number. */
  static final Pattern STREET_BEFORE =
      Pattern.compile(
          "(?:(?<!\\p{L})\\p{Lu}[\\p{L}'’-]+|\\p{L}(?:str|straße|strasse|weg|gasse|platz))\\.? \\d{1,4} ?[a-zA-Z]?(?:[/-]\\d{1,4} ?[a-zA-Z]?)?(?:,|;| -)?\\s{1,4}$");

  static final Pattern NUMBERED_STREET_BEFORE =
      Pattern.compile(
          "(?:^|[\\n,;:]|(?<!\\p{L})(?:au|at|to|is|in))\\s*\\d{1,4}(?: ?(?:bis|ter|[a-zA-Z]))?,? [^\\n,\\d]{3,48}[,\\n]?\\s{1,4}$");

  static final Pattern SEGMENT_BEFORE = Pattern.compile("(?:^|\\n|,)[>? ]*$");

  static final Pattern LINE_END_BEHIND = Pattern.compile("[.?!]?[ \\t]*(?:\\n|$)");

  static final Pattern BRAZILIAN_PLACE = Pattern.compile("(?:[-/,] ?[A-Z]{2}|\\p{L}{3}),? ?-? ?$");

  static final Pattern PREPOSITION_BEFORE =
      Pattern.compile("(?<!\\p{L})(?:in|aus|nach|bei|à|en|w|v|van|te|uit) $");

  private static final String ENDS =
      "(?:\\s*(?:$|\\n|[.,;:!?)])| - | (?:in|after|for|by|last|and|please|as|is|or|because|before|und|et|y|e"
          + "|umgezogen|bitte|USA|US)(?!\\p{L}))";

  static final Pattern END_BEHIND = Pattern.compile("^" + ENDS);

  static final Pattern PLACE_BEHIND =
      Pattern.compile(
          "^ (?!"
              + UNITS
              + "|(?:"
              + THINGS
              + "|Street|Road|Avenue|Lane|Drive)(?!\\p{L}))(?:\\p{Lu}\\p{Ll}[\\p{L}'’-]*|\\p{Lu}{4,})(?:[ /-](?:"
              + NAME
              + "|\\d{1,2}|CEDEX|\\([\\p{L}. ]+\\))){0,4}(?="
              + ENDS
              + ")");

  private PostalPatterns() {}
}
