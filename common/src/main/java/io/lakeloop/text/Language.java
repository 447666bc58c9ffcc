package io.lakeloop.text;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Tells the language of a text: by its script where that says enough, else by its commonest words
 * (Grefenstette 1995, "Comparing two language identification schemes"); {@code und} where too few
 * occur. A microsecond a text, which n-gram models do not come near.
 */
public final class Language {
  private static final String[] CODES;
  private static final int TABLE = 1 << 13;
  private static final int[] WORDS = new int[TABLE];
  private static final int[] LANGUAGES = new int[TABLE];

  static {
    Map<String, String> common = new LinkedHashMap<>();
    common.put(
        "en",
        "the and is to my in of you for it how do i that was with are this have not be on what can"
            + " your we they at but me please will would from where when there has");
    common.put(
        "de",
        "der die und ist nicht ich das mein wie zu ein eine den mit auf für sie wir es von dem des"
            + " sich auch kann haben bitte wo warum wird sind im habe bei war aber");
    common.put(
        "fr",
        "le la et est je mon pas pour de les une un des que vous dans qui ne sur avec ce il elle"
            + " nous au du en sont plus mais comment où votre ma mes être c'est");
    common.put(
        "es",
        "el la y es mi no para de los una que en un por con se las del lo como está más pero su"
            + " al le ha me cómo puedo quiero dónde mis son fue hay");
    common.put(
        "it",
        "il di che è la e un per non una sono con mi ho del le si come della da ma nel alla lo gli"
            + " questo posso anche più dove perché mio ha");
    common.put(
        "pt",
        "o de que e não um uma para com em do da os no na se por mais as dos como mas foi ao ele"
            + " tem seu sua meu minha você está é posso onde");
    common.put(
        "nl",
        "de het een en van ik niet is dat op te zijn in met voor je er maar om hij ze aan wat mijn"
            + " hoe kan waar naar heb deze ook als bij");
    common.put(
        "sv",
        "och att det är jag inte en som på för med av till den har ett om du var kan min hur vi de"
            + " från när vad ska");
    common.put(
        "da",
        "og at det er jeg ikke en som på for med af til den har et om du var kan min hvordan vi de"
            + " fra når hvad skal hvor");
    common.put(
        "pl",
        "i w nie na się z do to jest że jak o mam co ale po tak czy za od mój jestem przez gdzie"
            + " dla można");
    common.put(
        "cs", "a v se na je že to s z do o i jak ale jsem mi co po tak není kde můj pro by jsou");
    common.put("ro", "și în de la nu este o un că cu pe mai pentru din sunt am ce care unde cum");
    common.put("tr", "ve bir bu için de da ne mi ben çok var nasıl ama gibi olarak benim daha");
    common.put("id", "yang dan di ini itu dengan untuk tidak saya dari ke ada bisa akan apa");
    common.put("fi", "ja on ei se että en hän mutta ovat minun kun mitä oli kuin missä miten");
    common.put("hu", "a az és hogy nem is egy van ez meg de csak el mi én hol volt már");
    CODES = common.keySet().toArray(String[]::new);
    for (int language = 0; language < CODES.length; language++) {
      for (String word : common.get(CODES[language]).split(" ")) {
        int place = place(Words.hash(word));
        WORDS[place] = Words.hash(word);
        LANGUAGES[place] |= 1 << language;
      }
    }
  }

  private Language() {}

  /** Two letters of ISO 639-1, or {@code und}. */
  public static String of(String text, Words words) {
    String byScript = byScript(text);
    return byScript != null ? byScript : byWords(words);
  }

  /** Where the word's entry is, or the free place for it. */
  private static int place(int hash) {
    int place = (hash * 0x9E3779B1) >>> 19;
    while (LANGUAGES[place] != 0 && WORDS[place] != hash) {
      place = (place + 1) & (TABLE - 1);
    }
    return place;
  }

  private static String byWords(Words words) {
    int[] hits = new int[CODES.length];
    for (int i = 0; i < words.count(); i++) {
      int languages = LANGUAGES[place(words.hash(i))];
      for (; languages != 0; languages &= languages - 1) {
        hits[Integer.numberOfTrailingZeros(languages)]++;
      }
    }
    int best = -1;
    for (int language = 0; language < hits.length; language++) {
      if (hits[language] > 0 && (best < 0 || hits[language] > hits[best])) {
        best = language;
      }
    }
    return best < 0 ? "und" : CODES[best];
  }

  /** The language of a script that is no one else's, if most letters are of it. */
  private static String byScript(String text) {
    int other = 0;
    int ascii = 0;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c >= 0x370) {
        other += Character.isLetter(c) ? 1 : 0;
      } else if (c >= 'A') {
        ascii++;
      }
    }
    return other <= ascii ? null : scriptLanguage(text);
  }

  private static String scriptLanguage(String text) {
    Map<String, Integer> letters = new LinkedHashMap<>();
    text.codePoints()
        .filter(Character::isLetter)
        .filter(c -> c >= 0x370)
        .forEach(c -> letters.merge(ofLetter(c), 1, Integer::sum));
    // Letters that only one of the languages of a script has speak for it; kanji stand among kana.
    for (String certain : new String[] {"ja", "uk", "fa"}) {
      if (letters.getOrDefault(certain, 0) > 0) {
        return certain;
      }
    }
    return letters.entrySet().stream()
        .max(Map.Entry.comparingByValue())
        .map(Map.Entry::getKey)
        .orElse("und");
  }

  private static String ofLetter(int c) {
    return switch (Character.UnicodeScript.of(c)) {
      case CYRILLIC -> "іїєґІЇЄҐ".indexOf(c) >= 0 ? "uk" : "ru";
      case GREEK -> "el";
      case ARABIC -> "پچژگ".indexOf(c) >= 0 ? "fa" : "ar";
      case HEBREW -> "he";
      case DEVANAGARI -> "hi";
      case BENGALI -> "bn";
      case TAMIL -> "ta";
      case TELUGU -> "te";
      case THAI -> "th";
      case HANGUL -> "ko";
      case HIRAGANA, KATAKANA -> "ja";
      case HAN -> "zh";
      case GEORGIAN -> "ka";
      case ARMENIAN -> "hy";
      default -> "und";
    };
  }
}
