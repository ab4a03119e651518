"""What may not be promised in English: concepts, and the ways of each class to say it. ``VERSION`` names the list.

Grounds: as for the Chinese list; both are read over every text, whatever its language. A gap "~3" is up to three
words here. Apostrophes are gone ("cant"), and so are hyphens ("risk free").
"""

from service.rules.compliance.table import ALL, RISK, WEALTH, Row, Table

VERSION = "en-2026.2"

CONCEPTS = {
    "number": r"(?:\d{1,12}(?:\.\d{1,6})?|one|two|three|four|five|six|seven|eight|nine|ten|twenty|fifty|"
    r"(?:a|one) hundred|half)",
    "money": "(?:money|principal|capital|investment|savings|cash|funds?|stake|penny|cent|dime|yuan|nest egg)",
    "deposit": "(?:(?:bank |time |term |fixed |demand )?deposits?|savings accounts?|saving accounts?|bank accounts?|"
    "deposit rates?|cds)",
    "yield": "(?:yields?|returns?|interest|annualised|annualized|apy|apr|coupon|profits?|income|gains?|payouts?)",
    "loss": "(?:los[es]|losing|losses|loss|lost|downside|drawdowns?|shortfall|risks?|risky)",
    "cannot": "(?:cant|cannot|can not|cant possibly|couldnt|could not|wont|will not|dont|do not|does not|"
    "doesnt|never|has never|have never|"
    "isnt possible to|not possible to|not)",
    "sure": "(?:certain|sure|bound|guaranteed|assured|destined)",
    "bank": "(?:we|the bank|our bank|bank|the state|the government|the issuer)",
    "gift": "(?:gifts?|presents?|phone|iphone|car|gold|bar|voucher|vouchers|coupons?|cash|bonus|prizes?|"
    "points|rice|oil|tv|holiday|trip|tickets?|reward|"
    "<number> yuan)",
}

ROWS = (
    Row(
        "yield-figure",
        RISK,
        (
            "(?:expected|forecast|projected|target|anticipated|historic|historical|indicative|estimated)~1 (?:yie"
            "lds?|returns?|income|profits?)",
            "<yield>(?: of| at| around| about| up to| is| are| was| to| be| as high as| rate| p a| pa|"
            " over| above| between| near| a| year| the){0,4} <number>(?! days| day| months?| years?|"
            " working)",
            "(?:earn|earns|earning|pays|paying|gets?|receive|make|makes|made|take home|bring home|grows? to|"
            "becomes?|turns? into|collect|pocket)~3 <number>(?:%|~2 (?:per ?cent|pct|points?|a year|"
            "a day|a month|every|yuan|more))",
            "<number>~3 (?:becomes?|turns? into|grows? (?:to|into)|earns?|makes|brings|takes? home|"
            "pays|yields?|returns)~3 <number>",
            "(?:put in|invest|buy|place)~4 <number>(?:,| and)? ?~3 (?:take home|get|earn|receive|make|"
            "collect)~3 <number>",
            "(?:double|triple|doubling|multiply) (?:your|the|ones) <money>|<number> points? a year|"
            "<money> will (?:grow|double)",
            "(?:will|can|should) (?:grow|gain|rise) by~2 <number>",
        ),
    ),
    Row(
        "guarantee",
        RISK,
        (
            "guarantee[ds]?|guaranteeing|promise[ds]?|promising|assured?|assurance|warrant(?:y|s|ed)?|"
            "vouch(?:es)?|you have (?:our|my) word|(?:take|on) my word|i swear",
            "sure (?:thing|win|bet|winner)|safe bet|dead cert|money in the bag|in the bag|no brainer|"
            "cant go wrong|cannot go wrong|never goes? wrong|foolproof|fail ?safe|cert(?:ainty)?",
            "(?:is|are|be|you will|youre) ?~1 <sure>~3 (?:to|of|profit|win|gain|make|pay|return)|<yield>~2 (?:is|"
            "are)~1 (?:certain|sure|assured|fixed|locked|safe|secured?|stable)",
            "(?:always|never fails? to|never failed to|never fail to|every time|without fail|no matter what|"
            "come what may|whatever happens|rain or shine)~4 (?:pays?|deliver|earn|profit|up|rise|rises|"
            "return|off)|"
            "(?:always|never failed|has never failed|never fails?|never fail to|without fail)~2 (?:to )?(?:pays?|"
            "pay off|deliver|return|reach|profit)",
            "no matter what|come what may|whatever happens|whatever the market|rain or shine|(?:success|"
            "profit|gain|return|win)s? (?:is|are) certain|only goes? (?:up|one way)|goes only up",
            "(?:profit|gain|return|yield|rate|income)s?~1 (?:is )?locked in|lock(?:s|ed)? in~4 (?:profit|"
            "gain|return|yield|rate|income)|fixed (?:return|income,|yield|profit)|bank on|count on~4 (?:return|"
            "yield|profit|income|it)|(?:return|yield|profit|income)~5 count on",
            "(?:impossible|cant|cannot|no way|not possible|never)~3 not~2 (?:to )?(?:profit|gain|earn|"
            "win|make money)|no way~2 (?:wont|not|cant|dont|lose)~1|(?:impossible|no way)~3 (?:lose|"
            "fail)",
            "nothing is more certain|certain to (?:make|earn|profit|gain|win)|you (?:will|shall) (?:certainly|"
            "surely|definitely|always)|(?:definitely|certainly|surely|undoubtedly)~2 (?:earn|profit|"
            "gain|make|pay|rise|win|grow)",
            "(?:cannot|cant|can not|couldnt|could not) (?:help )?but|(?:paid|repaid|pay) (?:you )?in full|"
            "steady income|trust (?:me|us) on|rest assured|reliable (?:return|income|profit|gain)s?|"
            "never disappoint",
            "(?:who says|who said|why would|how could)~4 (?:not|lose|fail)",
        ),
    ),
    Row(
        "capital-protection",
        RISK,
        (
            "(?:safe|safely|safer|safest|safety)(?! (?:deposit )?(?:box|boxes)|guard)|secured?(?!,? (?:network|"
            "message|site|connection|login|loan|credit))|securely|(?:capital|principal)~1 (?:protected|"
            "protection|preserv\\w{0,6}|guaranteed|intact|safe|back|returned|repaid)",
            "<money>~3 (?:is|are|stays?|remains?|will be|comes?)~3 (?:protected|intact|safe|secure|"
            "secured|back|untouched|returned|preserved|whole|unharmed|covered)|(?:protects?|preserv\\w{1,4}|"
            "shields?|safeguards?)~2 (?:capital|principal|money|savings)",
            "(?:capital|principal|wealth) (?:preserv\\w{1,6}|protect\\w{1,4})|(?:every|each) (?:cent|"
            "penny|yuan)|(?:all|full) (?:of )?your money|(?:get|gets|have|give|pay|paid)~3 (?:money|"
            "principal|capital)~1 back|money back|repay(?:ment|s|ed)?~3 (?:principal|capital)",
            "rock solid|ironclad|iron clad|bullet ?proof|worry free|carefree|peace of mind|sleep (?:well|"
            "soundly|easy|at night)|watertight|cast iron|no worries|(?:floor|safety net|cushion) (?:under|"
            "for|below)~3",
            "(?:make|makes|made) (?:good|up)~3 (?:loss|losses|shortfall|difference)|<bank>~2 (?:covers?|"
            "pays?|makes? up|bears?|absorbs?|refunds?|compensates?|reimburses?|tops? up|stands? behind)~4 (?:loss"
            "|losses|shortfall|difference|principal|it|product|rest)",
            "(?:wont|will not|never|cannot|cant) (?:shrink|fall|drop|decline|go down|decrease|be lost|"
            "be touched|vanish)|not shrink|non ?loss|buffer against (?:loss|risk)|in fact it is|full repayment|"
            "ring ?fenced",
        ),
    ),
    Row(
        "denial-of-loss",
        RISK,
        (
            "<cannot>(?: possibly| ever| even| want to| worry about| need to| have to| fear| go| incur|"
            " suffer| see| make| you| be| a| any| to| of){0,4} (?:lose|lost|losing|loss|losses|fall below|"
            "drop below|go under|fall|a penny|a cent|worry|losers?)",
            "(?:no|zero|never any|without|hardly any|barely any|virtually no|practically no|almost no|"
            "little|minimal|nil|hardly|not any|free of|free from|no real|no actual|devoid of|eliminates?|"
            "removes?|forget about|forget|dont worry about|dont fear|never fear|no need to (?:worry|"
            "fear) ?(?:about)?)"
            "(?: possible| chance| of| real| any| the| your| financial| market| danger| fear| worry|"
            " about| a| such| more| further){0,4} (?:loss|losses|losing|risks?(?! rated| rating| based| level)|"
            "downside|drawdowns?|"
            "volatility)",
            "(?:loss|losses|losing|risk|risks|downside)(?: \\w{1,12}){0,3} (?:is|are|remains?|stays?)~1 (?:imposs"
            "ible|out|zero|nil|none|negligible|minimal|tiny|unthinkable|excluded|ruled out|next to nothing|"
            "off the table|nonexistent|non existent|a formality|a mere formality|insignificant|limited|"
            "unheard)",
            "risk ?(?:free|less|proof)|loss ?(?:free|less|proof)|(?:no|zero|without|virtually|practically|"
            "hardly|minimal) risks?(?! rated| rating| based)|low risks?(?! rating| level)|"
            "only upside|all upside|upside only|nothing to lose|lose nothing|"
            "impossible to lose|(?:not|never)~1 single~4 (?:lost|loss|loses)|no ?(?:one|body)~4 (?:lost|"
            "loses|lose)",
            "(?:risk )?(?:warning|disclosure|notice|assessment)s? (?:is|are)~2 (?:a )?(?:mere )?(?:formality|"
            "routine|only|just|meaningless|paperwork)|mere formality|ignore the (?:risk|warning)|(?:risk|"
            "loss)~3 out of the question|out of the question|never (?:been )?(?:a )?(?:loss|down|negative|"
            "in the red)|(?:cant|cannot|dont|never) (?:fail|go down|go wrong)",
            "as stable as|stable as|(?:has|have|had) never (?:lost|fallen|dropped|had a)|never once",
        ),
    ),
    Row(
        "denial-of-loss",
        ALL,
        (
            "risk ?free|riskless|zero risk|no risk(?! rated| rating| based)|"
            "without risk|(?<!not )(?<!any )low risk(?! rating| level)|sure win|"
            "cannot lose|cant lose",
        ),
    ),
    Row(
        "urgency",
        ALL,
        (
            "act (?:now|fast|today|quickly)|hurry|hurry up|rush in|last (?:chance|call|day|days|hours|"
            "minute|opportunity|slots?|places?)|final (?:chance|call|days?|hours|slots?|places?)|dont (?:miss|"
            "wait|delay|hesitate)|do not (?:miss|delay|hesitate)",
            "miss(?:ing)? out|selling (?:out|fast)|sells? out|sold out soon|almost gone|going fast|"
            "gone soon|(?:today|this week|tonight|this weekend) only|only (?:today|this week|tonight|"
            "until|till)|once its gone|when its gone|first come|while (?:stocks?|supplies|quota|places|"
            "it) lasts?",
            "before its too late|before it is too late|only (?:a few|few|<number>)~1 (?:slots?|places?|"
            "left|remain|spots?|seats?|units|openings)|(?:few|<number>)~2 (?:left|remain|remaining)|"
            "limited (?:time|quota|places|offer|edition|availability|slots?|period|stock)|limited (?:to the )?fir"
            "st",
            "right now|or lose out|lose out|(?:will|might) regret|regret (?:it|waiting|this)|clock is ticking|"
            "countdown|running out|ends (?:today|tonight|soon|tomorrow)|expires (?:today|tonight|soon)|"
            "now or never|(?:rates?|prices?) (?:drop|fall|rise|go up|go down|end)~1 tomorrow|dont let~4 (?:pass|"
            "go|slip)|be quick|grab (?:it|yours|your)|snap~2 up|closing soon",
        ),
    ),
    Row(
        "superlative",
        ALL,
        (
            "(?:the|our|your|chinas?|citys?) (?:very )?best(?! time| regards| day| way to (?:reach|"
            "contact)| before| possible| of your)|best (?:rates?|returns?|product|choice|deal|yield|"
            "offer|fund|interest|performing|savings?|in|on|of|deposit|bank|way to)|number one|no 1|"
            "#1|(?:rank(?:ed|s)?|is|are|placed) (?:first|top|number)",
            "top (?:performing|performer|ranked|rate|rates|rated|yield|returns?|choice|class|of the)|"
            "unbeat(?:able|en)|unrivall?ed|unmatched|unparalleled|unequall?ed|second to none|none better|"
            "nothing better|world class|first class|leading (?:returns?|rates?|yield|bank)|record (?:high|"
            "returns?|rates?)",
            "(?:highest(?! standards?| amount| sum| limit)|finest|greatest|safest|strongest|"
            "most (?:profitable|generous|"
            "rewarding|popular|attractive|lucrative|reliable|trusted|competitive|successful|secure))|"
            "no (?:other )?(?:bank|one|body|fund|product|competitor)~2 (?:pays?|offers?|gives|beats?|"
            "does|comes? close)(?: more| better| higher| this)?|ever (?:seen|offered|made)|of all time|"
            "champion|outperforms? (?:all|every)|cant be beaten|cannot be beaten|beats? (?:them|all|"
            "every|the rest|any)",
        ),
    ),
    Row(
        "liquidity",
        RISK,
        (
            "instant(?:ly|aneous)?|in (?:seconds|an instant|real time|no time|minutes|a flash)|immediate(?:ly)?~2"
            " (?:access|redemption|cash|payout|withdraw\\w{0,3}|available)|(?:withdraw|redeem|cash out|"
            "take~2 out|access|sell)~4 (?:any ?time|whenever|at will|at any (?:time|moment)|on demand|"
            "as you please|when you like|day or night|around the clock)",
            "(?:any ?time|whenever|at any time)~4 (?:withdraw\\w{0,3}|redeem|cash|money)|always (?:available|"
            "accessible|at hand|liquid)|no (?:lock ?(?:up|in)|waiting|limits?|restrictions?)|without (?:limits?|"
            "waiting|restrictions?|delay)|as liquid as|like cash|same day (?:cash|money|redemption)|"
            "fully liquid|highly liquid|t\\+0|(?:money|cash) (?:back )?(?:when|whenever) you",
        ),
    ),
    Row(
        "state-backing",
        RISK,
        (
            "(?:back(?:ed|ing)?|guaranteed|supported|endorsed|approved|recommended|underwritten|insured|"
            "protected|sponsored|certified|vetted) (?:up )?by~2 (?:government|state|regulators?|central bank|"
            "authorities|ministry|treasury|country|pboc|nfra|beijing)|(?:government|state|treasury|"
            "sovereign)[ -](?:backed|guaranteed?|supported|owned|insured|endorsed|approved|protected)",
            "(?:state|government|regulators?|central bank|country|nation|authorities|treasury)~2 (?:stands?|"
            "vouch\\w{0,2}|backs?|guarantees?|covers?|steps in|protects?|supports?|approves?|recommends?|"
            "insures?|pays|bails?)|too big to fail|(?:as (?:good|safe|solid|sound) as|like|same as)~2 (?:governme"
            "nt|treasury|state|sovereign|gold|cash|a bank)|bank cannot fail|cannot go (?:bust|under)",
        ),
    ),
    Row(
        "state-backing",
        ALL,
        (
            "(?:state|government|central bank)~2 (?:guarantees?|backs|covers every|recommends?|insures? (?:all|"
            "every))|(?:guaranteed|backed) by the (?:state|government|central bank)",
        ),
    ),
    Row("deposit-insurance", WEALTH, ("deposit insur(?:ance|ed)|insured deposit",)),
    Row(
        "gift",
        ALL,
        (
            "cash ?backs?|free gifts?|gifts?~4 (?:deposit|saving|account|for every|for each|when|with)|"
            "(?:get|receive|win|claim|earn|collect|take home|enjoy)~3 (?:a |an )?(?:free|gift|gifts|"
            "prizes?|car|phone|voucher|vouchers|gold|bonus|iphone|reward|rewards|lottery)|lucky draw|"
            "prize draw|raffle|sweepstakes?|giveaway",
            "(?:welcome|cash|sign ?up|signing|extra|loyalty|deposit|referral|new customer) (?:bonus|"
            "gifts?|rewards?|vouchers?|prizes?)|bonus~2 (?:interest|yuan|of|on|rate|for)|(?:vouchers?|"
            "coupons?|red packets?|hongbao|rewards?|gold bars?)~3 (?:for|when|with|on|per|to)~2|(?:refer|"
            "bring|introduce)~6 (?:earn|get|receive|bonus|reward)|rebates?~3|on the house|interest top ?up|"
            "interest subsidy|points~2 (?:for|per|on)~3 deposit",
        ),
    ),
    Row(
        "deposit-comparison",
        RISK,
        (
            "(?:better|more|higher|safer|smarter|richer|superior)~3 (?:than|to)~3 <deposit>|(?:beats?|"
            "beating|outperforms?|outdoes|exceeds?|tops?|outpaces?|outearns?|replaces?|trumps)~2 (?:a |"
            "any |your |the )?<deposit>|(?:twice|double|triple|three times|times|<number> times)~2 <deposit>",
            "(?:just like|like|same as|as good as|equivalent to|equal to|akin to|similar to|as safe as|"
            "no different from|works like|feels like|instead of|rather than|alternative to|substitute for|"
            "replacement for|upgrade (?:from|on|to))~2 (?:a |an |your |any )?<deposit>|<deposit>~1 (?:in all but "
            "name|alternative|substitute|replacement|plus|in disguise|like)",
            "(?:move|switch|transfer|shift|bring|take|turn)~2 <deposit>~4 (?:here|into|to|over|out|"
            "earn|this)|why (?:leave|keep|let|stick|hold|settle|stay)~5 <deposit>|(?:dont|do not|stop)~2 (?:renew"
            "|keep|leave|roll)~4 <deposit>|<deposit> (?:rates? )?(?:are|is)~2 (?:falling|low|too low|"
            "a waste|dead)|quasi deposit",
        ),
    ),
    Row(
        "enticement",
        ALL,
        ("high (?:yields?|yielding|returns?|interest|profits?)|easy money|get rich|free money",),
    ),
    Row(
        "enticement",
        RISK,
        (
            "(?:attractive|handsome|generous|great|amazing|fabulous|superb|lucrative|juicy|huge|superior|"
            "outstanding|excellent|fantastic|incredible|exceptional|strong|impressive|bumper|massive) (?:yields?|"
            "returns?|profits?|gains?|income|rewards?)",
            "(?:make|earn|making|earning) money~1 (?:effortlessly|easily|while|in your sleep|fast|quickly|"
            "without)|effortless(?:ly)?~1|while you sleep|in your sleep|get wealthy|passive income|"
            "financial freedom|windfall|money for nothing|cash cow|gold ?mine|make a fortune|riches",
        ),
    ),
    Row(
        "denial-of-loss",
        RISK,
        (
            "(?:not|never|no|nobody|nothing|none|cannot|cant|wont|dont|without|hardly|isnt|arent|neither|"
            "no one|doesnt|didnt|hasnt|havent|few)"
            "(?: (?!guarantee|promise|exclude|cover|avoid|prevent|bear|responsib|compensat|protect|"
            "eliminate|remove|reduce|understand|liable|rule|may|might|can|could|invest|suitable|sure|"
            "certain|mean|imply|foretell|deposit|free|disclose)[a-z0-9%]{1,14}){0,6}"
            " (?:lose|loses|losing|lost|loss|losses|downside|red|negative|fear|worry)",
            "what (?:risk|loss|downside)|nothing to (?:fear|worry|lose)|untouchable|(?:loss|losing|"
            "failure|risk) is not an option|no such thing as(?! an? (?:risk free|riskless|guaranteed|safe|sure))|"
            "in the black|never see red|market[- ](?:proof|"
            "neutral)|weathers? any|whatever the market|risk ?(?:doesnt|does not|is not) (?:apply|exist|"
            "matter|an issue)|downside is|(?:lost|loses|loss)~1 nothing",
        ),
    ),
    Row(
        "guarantee",
        RISK,
        (
            "like clockwork|no strings|(?:as )?(?:certain|sure) as|matter of time|for sure|for certain|"
            "(?:not|never|dont|do not|cannot|could not|couldnt|cant)~5 fail|never been a~2 without|"
            "nothing to (?:fear|worry)|(?:we|i) swear|got your back|you deserve|(?:better|richer|wealthier|"
            "well) off|(?:clear|proven|sure|real) winner|proven (?:return|success|winner)|track record of (?:prof"
            "it|success|gain)",
            "or (?:we|the bank) pays?(?: you)?|or your money back|you wont (?:be disappointed|regret)|"
            "will not (?:regret|disappoint)|everyone is|everybody is|even our (?:staff|manager)|(?:consistent|"
            "dependable|stable|steady|solid|predictable|certain) (?:return|gain|profit|income|growth|"
            "yield)s?|set and forget|in writing|put it in the contract|without exception",
        ),
    ),
    Row(
        "capital-protection",
        RISK,
        (
            "(?:get|gets|getting|have|receive) back (?:what|all|everything|every)|back what you put|"
            "returned in full|whole again|not a (?:penny|cent|yuan)|nest egg|(?:your|the) (?:money|"
            "capital|principal)~2 (?:wont|never|cannot|cant)|shelter(?:ed)?|sleep well|sleep easy|(?:low|"
            "high|bank|deposit)[- ]?(?:like|level|grade) (?:safety|security)",
        ),
    ),
    Row(
        "yield-figure",
        RISK,
        (
            "(?:hundred|thousand|million|<number> yuan)~3 (?:a|per|each|every) (?:year|month|day|week)|"
            "<number>~2 on every <number>|yields?~3 <number>|on a hundred thousand|<number>% (?:a year|"
            "p a|per annum|annually)",
        ),
    ),
    Row(
        "urgency",
        ALL,
        (
            "ends (?:at )?midnight|until midnight|before (?:its|it is|theyre|they are|everything is)~1 (?:sold|"
            "gone|over|late|full)|wont last|will not last|hurry|be the first|only (?:five|three|ten|"
            "two|four|six|seven|eight|nine|one) (?:left|remain|places?|slots?)|everyone is (?:buying|"
            "rushing)|(?:last|final) few|don.?t sleep on|this offer ends|closes (?:tonight|today|tomorrow|"
            "soon)",
        ),
    ),
    Row(
        "superlative",
        ALL,
        (
            "(?:nobody|no one|no bank|no fund|no product|no other|none)~3 (?:better|more|higher|beats?|"
            "matches|compares?|comes close)|top of (?:the|its) (?:league|class|table|market)|(?:like these|"
            "like this) (?:rates?|returns?)|rates like these|(?:clear|undisputed) (?:winner|leader)|"
            "league of its own|ahead of (?:all|every|the rest)|without equal|peerless|supreme|the ultimate|"
            "gold standard",
        ),
    ),
    Row(
        "gift",
        ALL,
        (
            "(?:pick|choose|collect|claim|take) your (?:present|gift|prize|reward)|we (?:add|give|pay|"
            "throw in)~3 <number> ?(?:yuan|%)?~2 (?:to your|on top|extra|for)|(?:deposit|save|invest|"
            "buy|open)~6,? ?(?:and |to )?(?:get|receive|win|pick|choose|claim)~2 (?:a|an|your|free|"
            "<number>)|toaster|goodie|freebie|souvenir|hamper|on top of (?:the|your) interest|extra interest",
        ),
    ),
    Row(
        "state-backing",
        ALL,
        (
            "(?:government|state)~2 covers|without limit|regulators?~1 (?:love|like|trust|approve|endorse|"
            "recommend)s?|government money|blessed by",
        ),
    ),
    Row(
        "liquidity",
        RISK,
        (
            "any day you (?:like|want|please)|redeem today|same day|(?:practically|almost|virtually|"
            "basically) cash|spend (?:it )?today|(?:money|cash)~3 in your hand|at the (?:tap|push|click|"
            "touch) of",
        ),
    ),
    Row(
        "deposit-comparison",
        RISK,
        (
            "(?:more|better|higher)~4 (?:than|on)~6 (?:deposits?|savings|the bank pays)|forget (?:about )?<deposi"
            "t>|(?:deposit|savings)[ -]?(?:like|style|grade)|(?:leave|ditch|skip|dump|goodbye to|better than)~2 <"
            "deposit>",
        ),
    ),
    Row(
        "guarantee",
        RISK,
        (
            r"(?:not|never|cannot|dont|wont|no way|impossible|wrong|nobody)(?: (?!and |or |nor )[a-z]{1,12}){0,5} "
            r"(?:not|dont|doesnt|wont|never|fail to|refuse to|deny)(?: [a-z]{1,10}){0,3} (?:pay|pays|"
            r"guaranteed?|return|deliver|profit|repay|protect)",
            r"as good as guaranteed|(?:nothing|what) can (?:possibly )?go wrong|let you down|only (?:stand to )?(?"
            r":gain|win|profit|earn|make)|(?:stand|bound|set) to (?:gain|win|profit|earn)|(?:absolutely|"
            r"completely|totally|fully|perfectly|entirely|100 ?%) (?:safe|secure|protected|certain|covered|"
            r"guaranteed|insured|reliable|sure)|mark my words|hand on heart|trust me",
        ),
    ),
    Row(
        "capital-protection",
        RISK,
        (
            r"(?:downside|built in|capital|loss) protection|protection built in|(?:cannot|cant|never|"
            r"wont|will not|nothing can) (?:hurt|harm|touch|affect|damage|dent|reduce|erode)~2|(?:hurt|"
            r"harm) you|sheltered from|insulated from|immune (?:to|from)|shock ?proof|preserves? your",
        ),
    ),
    Row(
        "superlative",
        ALL,
        (
            r"number 1|best in class|best of (?:all|its kind)|in a class of|top (?:notch|choice|tier|"
            r"product|fund|bank)|(?:better|more) than any(?: other)?|like no other|(?:biggest|largest|"
            r"richest|smartest|fastest) (?:return|gain|interest|yield|profit|rate)s?",
        ),
    ),
    Row(
        "urgency",
        ALL,
        (
            r"buy (?:today|now|it now|quickly|soon)|invest (?:now|today)|(?:offer|deal|sale|quota) (?:expires|"
            r"closes|ends)~2 (?:tonight|today|tomorrow|soon|midnight)|only a few~2 (?:places?|left|remain)|"
            r"(?:while|before)~2 (?:it lasts|too late|gone)|time is (?:short|running)|do it today|sign up (?:now|"
            r"today)",
        ),
    ),
    Row(
        "gift",
        ALL,
        (
            r"(?:get|receive|earn|pocket|collect|claim) <number> ?(?:yuan|rmb|cny|%)~6 (?:when|if|for|"
            r"with|on|as)~5 (?:deposit|save|open|invest|buy|purchase|join)\w{0,3}|gift ?cards?|loyalty points for",
        ),
    ),
    Row(
        "deposit-comparison",
        WEALTH,
        (
            r"(?:more|better|higher|double|twice|triple|beats?|beating|like|same|safer|basically|practically|"
            r"really|effectively|essentially|virtually|simply|replaces?|upgrade|exceeds?|surpass\w{0,3}|"
            r"above|over)~5 <deposit>|<deposit>(?! (?:is|suits))~4 (?:but|only|just)? ?(?:better|beaten|"
            r"twice|double|more interest|replacement)",
        ),
    ),
    Row(
        "yield-figure",
        RISK,
        (r"<number>(?: point <number>)? (?:p ?a|per annum|per year|a year|annually)(?! of)|point <number> per ?cent",),
    ),
    Row(
        "guarantee",
        RISK,
        (
            r"every (?:single )?(?:month|year|quarter|day|time)(?: since)?|(?:solid|firm|steady) as a|"
            r"(?:grows?|rises?|increases?) (?:every|each|day)|since (?:launch|inception)~2|government would|"
            r"(?:cannot|cant|can not) not|unhappy (?:customer|client|investor)|(?:happy|satisfied) (?:customers|"
            r"clients|investors)|favou?rites?",
        ),
    ),
    Row(
        "urgency",
        ALL,
        (
            r"(?:last|final) (?:week|month|weekend|night|hour)|today is the last|(?:the )?last (?:chance|"
            r"day)s?|first \d+ customers",
        ),
    ),
    Row(
        "superlative",
        ALL,
        (r"nothing (?:beats?|compares?|matches|comes close)|chinas (?:favou?rite|top|leading|first)",),
    ),
    Row(
        "gift",
        ALL,
        (
            r"free (?!and|of|from|to|withdraw|transfer|choice|service|cancellation|call)[a-z]{3,12}(?: [a-z]{1,10}){0,"
            r"2} (?:for|with|when|to|on)|(?:deposit|save|buy|invest)~2 (?:now )?and win",
        ),
    ),
    Row(
        "deposit-comparison",
        WEALTH,
        (
            r"(?:better|more|higher|smarter) than~5 (?:bank|savings|term deposit)|(?:leaving|leave|keeping)~3 in t"
            r"he bank",
        ),
    ),
    Row(
        "guarantee",
        RISK,
        (
            r"(?:returns?|yields?|incomes?|profits?|gains?)~4 (?:rely|depend|count|bank) on|(?:not|never|"
            r"cant|cannot|no|nothing|dont|wont)~4 (?:less|lower|worse) than <number>",
        ),
    ),
)

TABLE = Table(VERSION, CONCEPTS, ROWS, gap=r" (?!not |no |never |nor |cannot |cant )[a-z0-9.%#]{1,20}")
