"""Who promises what of which figure, in English: the concepts, and the frames that put them together."""

from service.rules.compliance.frames import Frame, Lexicon
from service.rules.compliance.table import ALL, RISK, WEALTH

_NUMBER = (
    r"(?:\d+(?:\.\d+)?|(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|fifty|half|"
    r"several|a few)"
    r"(?: (?:point|and a|hundred|thousand|million|half|one|two|three|four|five|six|seven|eight|nine|something))*)"
)

CONCEPTS = {
    "principal": (
        r"principal|capital(?! market)|nest egg|every (?:cent|penny|yuan|last)|(?:a |one |"
        r"not a )?(?:single )?(?:cent|penny|dime)|(?:your|my|our|the|their) (?:money|cash|savings|dough|stake|"
        r"funds|investment|fortune|wealth)|(?:what|whatever|all|everything) (?:that )?you(?:ve)? (?:put|paid|"
        r"invest\w*|deposit\w*|start\w*)|yuan of yours|a (?:yuan|fen)|original (?:sum|amount|investment)|"
        r"stake|initial (?:sum|amount|investment)"
    ),
    "keep": (
        r"whole|intact|back|safe(?:ly|ty)?|secured?|protected|shielded|untouched|preserv\w*|stays? put|"
        r"going (?:any|no)where|grow\w*|doubl\w*|tripl\w*|multipl\w+|guard\w*|in good hands|sound|unharmed|"
        r"unscathed|fully covered|bulletproof|insured|least youll|the least|at stake|at risk|disappear|vanish|"
        r"shrink|lost|evaporate|wont budge|cant be touched|dont worry|no worries|not to worry|never in danger|"
        r"all there|accounted for|waiting for you|returned|plus|come home"
    ),
    "uncertain": (
        r"if your|may|might|could|not guarantee\w*|no guarantee|not protect\w*|not secured?|not insured|"
        r"not safe|cannot accept|cannot bear|please|if you|depends?|uncertain|unless|not get back|less than|"
        r"not be able|can lose|can fall|should|fluctuat\w*|after maturity|current account|surrender|redeem|"
        r"returned$|cancelled|neither|guarantees neither|transfer|fees?|charges?|not all"
    ),
    "denier": (
        r"no|not|never|zero|nobody|none|nothing|without|cannot|cant|dont|doesnt|didnt|wont|isnt|aint|arent|"
        r"hasnt|havent|wouldnt|couldnt|no one|hardly|negligible|impossible|unthinkable|unheard|inconceivable|"
        r"forget|dreams?|miracle|minimal|lowest|slightest|how could|goodbye|banish\w*|farewell|no way|"
        r"never mind|immune|eliminat\w+|miles from|far from"
    ),
    "dismissed": (
        r"other peoples?|somebody elses?|elsewhere|virtually (?:none|nil|zero|nothing)|next to (?:nothing|"
        r"nil)|minimal|tiny|negligible|impossible|unthinkable|unheard of|inconceivable|in your dreams|"
        r"not with (?:us|this)|ruled out|out of the question|remote|nil|off the table|history|does not exist|"
        r"doesnt exist|not here|not an issue|not on (?:our|my) watch|forget (?:it|about it)|no way|never$|"
        r"not possible|cannot happen|wont happen|only (?:others|elsewhere)|a thing of the past|eliminated|"
        r"banished"
    ),
    "loss": (
        r"los[et]|loses|losing|lost|loss(?:es)?|shrinks?|shrinking|falls?|falling|drops?|declines?|dips?|"
        r"risks?(?! rated| rating| level| profile| disclosure)|risky|downside|shortfall|negative|in the red|"
        r"at stake|worse off|go wrong|goes wrong|vanish|default\w*|drawdowns?|danger|gamble|hurt|burned|burnt|"
        r"fail\w*|crash|sink|volatil\w+|worry|worries|fear|regret\w*|down year|losers?|harm|(?:come|end|"
        r"finish)\w* (?:out |up )?behind"
    ),
    "turner": (
        r"whether|do not know|risk that|guarantee\w*|promis\w+|assur\w+|cover\w*|compensat\w+|avoid\w*|"
        r"prevent\w*|remove\w*|bear\w*|accept\w*|afford\w*|exclude\w*|mean|means|rule out|make up|makes up|"
        r"made up|protect\w*|suit\w*|understand|predict\w*|forecast\w*|imply|implies|may|might|could|can lose|"
        r"can fall|such thing as|exempt|responsib\w+|liable|share your|please|if you|if somebody|warning|"
        r"told you|claims? that|disclos\w+|notice|exception|agree|beware|anybody|anyone|says? nothing|even|"
        r"reduce\w*|possible to|suitable|assess\w*|rating|level|tolerance|insured|bonds? (?:may|can)|"
        r"down as well|password|card|spam|carries|carry|comes? with|with care|does not mean|swindl\w+"
    ),
    "market": (
        r"markets?|stocks?|shares|economy|conditions|bulls?|bears?|storms?|crash(?:es)?|crisis|"
        r"interest rates fall"
    ),
    "unmoved": (
        r"regardless|no matter|whatever|nothing to do with|unaffected|untouched|immune|indifferent|alike|"
        r"independent of|shrugs? off|laughs? at|even (?:if|when|in)|does not care|doesnt care|unmoved"
    ),
    "papers": (
        r"terms|contract|paperwork|risk (?:warning|disclosure|notice|test|questionnaire)s?|small print|"
        r"fine print|questionnaire|disclaimers?"
    ),
    "formality": (
        r"formality|routine|just sign|only sign|dont (?:bother|read|mind)|no need to read|ignore|skip|"
        r"meaningless|boilerplate|for show|tick the boxes|never mind|need not read"
    ),
    "crowd": (
        r"everyone|everybody|friends?|neighbou?rs?|savvy \w+|smart (?:money|investors|people)|insiders?|"
        r"wealthy \w+|colleagues?|celebrities|the pros|clever \w+|staff|manager|thousands|our own (?:staff|"
        r"people|employees)"
    ),
    "joins": (
        r"(?:is|are|have|has)(?: \w+)? (?:buying|bought|put|in|investing|invested|joining|joined|rushing|"
        r"piling|jumping|getting|switching|doing it)|bought it too|already in"
    ),
    "missable": (
        r"cant miss|cannot miss|ground floor|kick yourself|sorry you missed|fear of missing|"
        r"exclusive (?:access|opportunity|invitation)|"
        r"secret (?:access|method|formula|sauce|weapon|deal|tip)|insider|for a limited time|prime bank|"
        r"too good to (?:miss|pass)|opportunity knocks|wake up call"
    ),
    "surety": r"suret(?:y|ies)|bonding company|pay order|insurer|insurance|guarantor|backstop|third party",
    "secures": r"cover\w*|protect\w*|pays?|paid|steps? in|secur\w+|back\w*|makes? good|safeguard\w*",
    "payer": (
        r"we|us|the bank|bank|our bank|the manager|manager|the issuer|issuer|the state|the government|"
        r"treasury|the insurer|insurer|the company|company|i|the firm|the group|local treasury|head office|"
        r"somebody|well"
    ),
    "cover": (
        r"mak\w+ (?:good|up|it|you whole)|made up|tops? (?:it )?up|top(?:ping)? up|pays?|paid|paying|covers?|"
        r"covered|reimburs\w+|refund\w*|compensat\w+|picks? up|pick up|chips? in|steps? in|absorbs?|bears?|"
        r"takes? the hit|foots?|on us|bail\w*|underwrit\w+|stands? behind|fill\w*|gives? (?:it|you) back|"
        r"replaces?|swallows?|carr(?:y|ies)"
    ),
    "gap": (
        r"loss(?:es)?|lose|shortfall|difference|gap|bill|dips?|falls?|drops?|misses|goes wrong|go wrong|"
        r"fails?|damage|hit|target|downside|down|deficit|wrong"
    ),
    "refusal": (
        r"not|never|no|neither|cannot|wont|nor|investor|you bear|your own|may not|must not|complain|false|"
        r"does not|doesnt|fees?|unless|do not"
    ),
    "amount": (
        rf"(?:{_NUMBER}|a (?:hundred|thousand|million)) ?(?:%|per ?cent|pct|percent|yuan|rmb|thousand|million|points?|"
        r"grand|k)?(?! (?:days?|months?|years?|weeks?|working|minutes?))|double[sd]?|triple[sd]?|twofold|twice"
    ),
    "gaining": (
        r"earn\w*|gain\w*|mak(?:e|es|ing) (?:you|money|a)|made|profit\w*|richer|yield\w*|interest|return(?:s|"
        r"ed)? of|brings?(?: in| home| you)?|(?<!fixed )income|payouts?|grow\w*|growth|lands?|collect\w*|"
        r"pocket\w*|take out|take home|take away|takes? out|hold at least|walk away|become\w*|turn\w* into|"
        r"more (?:every|each|a|per) (?:year|month)|annually|a year|per annum|per year|a month|each month|"
        r"every month|a day|per day|come out with|doubl\w+|tripl\w+|ahead|counting on|count on|something like|"
        r"expect|by maturity|after (?:one|two|three) years?"
    ),
    "limits": (
        r"age|fees?|charges?|costs?|limit\w*|minimum|maximum|at most|at least \d+ (?:percent|%)|up to|within|"
        r"working days?|tax\w*|from \d+|fell|fallen|lost|loss|lose|benchmark|past|insured|insurance|assets?|"
        r"portfolio|equities|bonds?|units?|messages?|transfers?|closes?|closed|opens?|valid|term is|hold the|"
        r"notice|days|hours|minutes|may|might|rating|years? old|negative|value|survey|charged|net|margin|"
        r"pension|tolerance|assessment|not|fluctuat\w+|depends?|chapter|subscri\w+|reapply|redeem\w*|"
        r"redemption\w*|amounts"
    ),
    "sure": (
        r"certain\w*|sure\w*|always|never|every (?:time|month|year|quarter|day)|each (?:month|year|quarter|"
        r"day)|month after month|year after year|year in year out|guarantee\w*|definite\w*|undoubted\w*|"
        r"bound to|has to|have to|cant help|rain or shine|come what may|no matter|whatever|whenever|"
        r"bull or bear|without fail|like clockwork|steady|steadi\w+|stable|fixed(?! income)|reliable|"
        r"rock solid|solid|locked|baked in|dependab\w+|count on|bank on|only (?:goes?|grow|go)|forever|"
        r"for life|at (?:the )?(?:very )?(?:least|worst|minimum)|floor|conservative\w*|will|straight years|"
        r"consecutive|unfailing\w*|invariably|inevitabl\w+|assured|stake our|mathematical\w*|no less|"
        r"not a penny less|in storms|thrives|keeps|and never|expected|predictable"
    ),
    "gain": (
        r"gains?|profit\w*|returns?(?! the| from| to)|yields?|(?<!fixed )income|money|earn\w*|win|wins|"
        r"wealth\w*|rich\w*|up|grow\w*|growth|climb\w*|rise|rises|pays?|payouts?|payments|interest|"
        r"in the black|positive|higher|better|ahead|deliver\w*|crashes alike|dividends?"
    ),
    "adverse": (
        r"(?:is|are) not|var(?:y|ies)|not (?:guarantee|promis|predict|be|sure|certain|a promise|an expected|"
        r"remove|reflect|suitab|insured|secured|a deposit)\w*|do not|does not|cannot|no guarantee|"
        r"no assurance|nobody|may|might|could|can|uncertain|depends?|fluctuat\w+|risks?|los[est]\w*|lower|"
        r"less|fall\w*|fell|past|benchmark|fees?|charges?|tax\w*|costs?|floats?|linked|reduce\w*|negative|"
        r"neither|nor|please|beware|fraud|swindl\w+|false|promises? you|promise returns|complain|"
        r"over the past|surrender|early|cancel\w*|order|before|question|how (?:much|it|to|the return)|why was|"
        r"statement|maturity|mature\w*|if|scam\w*|report|compare|terms|warning|staff must|"
        r"higher returns usually|without risk is|not up"
    ),
    "others": (
        r"(?:my|our|your|all) (?:\w+ )?(?:clients?|customers?|family|mother|father|wife|husband|neighbou?rs?|"
        r"friends?|colleagues?|parents|staff|boss)|(?:those|people|everyone|everybody|anyone|folks|buyers|"
        r"investors) who|(?:mr|mrs|ms|miss|aunt\w*|uncle|grandma|grandpa) ?\w*|everyone|everybody|"
        r"thousands of \w+|(?:happy|satisfied) \w+|clients?|not one client|last years (?:buyers|customers)|"
        r"neighbou?r|i(?= (?:doubled|made|earned|tripled|retired|slept|gained|bought))|word of mouth|they all"
    ),
    "happy": (
        r"richer|made (?:money|a|\d+)|makes money|earned|gained|doubled|tripled|profit\w*|happy|smil\w+|"
        r"laugh\w*|slept|sleeps?|regret\w*|celebrat\w+|retired|bought (?:a|the) (?:car|house|flat)|better off|"
        r"thank\w*|delighted|thrilled|grin\w*|ended up|turn now|your turn|came out ahead|never looked back|"
        r"cash(?:ed|ing) in|won|winning|ahead|satisfied|rewarded|paid off|reaped|recommend\w*|love it|"
        r"swear by|raving|envy|envious"
    ),
    "deposit": (
        r"(?:bank |time |term |fixed |demand |savings? )?deposits?(?! insurance)|savings? accounts?|"
        r"bank accounts?|deposit rates?|money in the bank|cash in the bank|keeping it in the bank|in the bank|"
        r"cds|certificates? of deposit|savings"
    ),
    "compare": (
        r"like|as (?:safe|good|secure|solid|simple|easy)|same as|just as|every bit as|no different|equivalent|"
        r"equals?|in (?:essence|effect|substance|disguise)|essence|essentially|basically|practically|"
        r"virtually|effectively|think of it as|call it|treat it as|better|beats?|more|higher|double|twice|"
        r"triple|times|richer|smarter|outperform\w*|outpac\w+|outdo\w*|exceed\w*|surpass\w*|in the dust|dust|"
        r"out of the water|to shame|instead of|rather than|alternative|substitute|replac\w+|upgrade\w*|move|"
        r"switch|swap|ditch|why|forget|settle|sleep(?:ing)?|idle|wast\w+|rots?|pants off|do the math|"
        r"only pays|pays only|gives? (?:you )?(?:only )?\d|pales?|cousin|but with|with a higher|plus|"
        r"makes? (?:more|\d)|trounc\w+|crush\w*|over and|stop|abandon|earns? more|lazy"
    ),
    "apart": (
        r"if your|must be safe|not a deposit|neither a deposit|nor a deposit|differs?|unlike|not insured|"
        r"not covered|not like|may suit|suits? you|suit you|is safer for|only offer|deposits only|matures?|"
        r"due|if you cannot|if you need|bonds and|invests? in|presents?|insurance|not the same|not equivalent|"
        r"no substitute|pays? 0\.\d+|notice deposits?"
    ),
    "trigger": (
        r"deposit\w*|sav(?:e|ing|ings)|buy|buys|buyer|buying|bought|purchas\w+|invest\w*|open(?:s|ing)?|"
        r"join\w*|sign\w*|subscrib\w+|refer\w*|bring|introduc\w+|invit\w+|new customers?|first|customers?|"
        r"clients?|friends?|place|put in|switch|register\w*|visit"
    ),
    "give": (
        r"get|gets|receive\w*|win|wins|claim\w*|collect\w*|score\w*|pocket\w*|take home|walk away with|"
        r"throw in|throws in|enjoy\w*|free|free of charge|for free|bonus|awaits?|give you|gives you|hand you|"
        r"reward\w*|grab|come with|comes with|land|pick|choose|treat|complimentary|on us|cashback|earn|gift|"
        r"gifted|bag|extra|includes?|entitles?"
    ),
    "thing": (
        r"gifts?|presents?|phones?|iphone|cars?|gold|bars?|vouchers?|coupons?|(?:gift|shopping|fuel|petrol|"
        r"prepaid) cards?|cash|cashback|prizes?|points|rice|oil|tv|holiday|trip|tickets?|vacuum|robot|kettle|"
        r"check ?up|medical|cooker|appliances?|hamper|eggs|toaster|watch|headphones|tablet|laptop|bike|"
        r"umbrella|mug|spa|dinner|meal|wine|tea|hongbao|red packets?|rebate|raffle|draw|membership|"
        r"\d+ ?(?:yuan|rmb)"
    ),
    "plain": (
        r"no|not|never|without|limit\w*|fees?|fee|charge[sd]?|transfers?|redemption|matures?|term|interest|"
        r"rate|per year|a year|one year|minimum|from|insured|password|identity|bond|loss|short of|margin|"
        r"benchmark|current account|account is|government"
    ),
    "scarce": (
        r"last|final|left|only|few|tonight|midnight|today|tomorrow|hours?|minutes?|clock|once|one time|"
        r"lifetime|limited|sold out|gone|running|window|seats?|places?|slots?|quota|deadline|now|countdown|"
        r"nearly|almost|before|next year|come round|closes? soon|price goes"
    ),
    "act": (
        r"hurry|act|quick\w*|fast|now|grab|snap|rush|dont wait|dont miss|wait|miss\w*|kick yourself|regret|"
        r"sold out|gone|going|get in|jump|seize|be quick|chance|to go|left|goes up|wont come|wont (?:last|be)|"
        r"never again|forever|too late|secure your|lock in|ends|be there|sorry|join|on the clock|book|"
        r"in a lifetime|selling"
    ),
    "chores": (
        r"password|identity|update|renew\w*|document|maintenance|assess\w*|matures?|redeem\w*|redemption|"
        r"hours a day|working|redeem|call us|contact|your adviser|subscription\w*|survey|confirm|"
        r"withdraw within|visit|booking|days?|notice|period|limited to|fast redemption|branch\w*|"
        r"expires? this month|pension"
    ),
    "peers": (
        r"nobody|no one|no other|no bank|no fund|not a bank|anywhere|(?:than|as) ever|ever (?:seen|offered|"
        r"made)|seen before|in town|in the (?:country|city|world|market|industry|land|nation)|on the market|"
        r"chinas?|competit\w+|rivals?|other banks?|all others|the rest|peers?|of all|on earth|in history|"
        r"bar none|class|under the sun|industry|nationwide|worldwide|everybody else"
    ),
    "top": (
        r"(?:wont|cannot|cant|never|not|hard to|nobody will) find[a-z ]{0,14}(?:better|safer|higher|more)|"
        r"best|top|first|number|highest|better|more|close|leader|leading|leads?|unbeat\w+|unrival\w+|peerless|"
        r"beats?|match\w*|compar\w+|compete\w*|champion|king|record|finest|greatest|unequal\w*|unmatched|"
        r"undisputed|richest|largest|strongest|comes near|rival|seen|hold a candle|bar none|superior|"
        r"outshin\w+|envy"
    ),
    "takeout": (
        r"withdraw\w*|redeem\w*|redemption|cash out|cash in|take (?:it|your money|the money|money) out|"
        r"take it(?! back)|take out|sell|quit|exit|leave|get out|pull out|access\w*|money|cash|"
        r"(?:money|cash|funds|savings) back|liquid\w*|"
        r"a million back|lock ?(?:up|in)|locked|penalt\w+|available|your funds"
    ),
    "free": (
        r"any ?time|whenever|at will|at any (?:time|moment|hour)|as you please|instant\w*|seconds?|minutes|"
        r"heartbeat|flash|immediate\w*|right away|no (?:limits?|wait\w*|penalt\w+|questions?|restrictions?|"
        r"lock ?ups?|strings|delay|cost)|without (?:limits?|waiting|penalt\w+|delay|notice|cost|losing)|"
        r"any amount|in full|day or night|round the clock|forfeit nothing|full return|nothing|always|"
        r"there isnt one|straight away|same day|this second|halfway|snap of|freely|on the spot|tap of|click|"
        r"at once|no matter how much|early and|please"
    ),
    "bounded": (
        r"consent|objection|working days?|limit\w*|up to \d|at most|not|cannot|may|except|closed|next day|"
        r"fees?|depends?|t\+[1-9]|opening|trading|losing|less|renewal|cancel\w*|switch off|within|demand rate|"
        r"costs?|after|before|please (?!yourself)|must|only|transfer\w*|stop|returned|offers?"
    ),
    "state": (
        r"government|state|nation|national|country|regulators?|central bank|peoples bank|authorit\w+|ministry|"
        r"treasury|beijing|pboc|nfra|law|sovereign|public|communist party|party|state owned|soe"
    ),
    "support": (
        r"back|backs|backed|backing|guarantee\w*|stands? behind|behind|support\w*|endors\w+|approv\w+|"
        r"protect\w*|cover\w*|insur\w+|rescue\w*|bail\w*|picks? up|vouch\w*|bless\w*|sponsor\w*|underwrit\w+|"
        r"certif\w+|grade|as good as|safe\w*|repay\w*|pays?|promis\w+|trust\w*"
    ),
    "norm": (
        r"not an?|is not|not endors\w+|does not|do not|no|requires?|regulations?|rules?|must|neither|nor|"
        r"invests? in|breaking|bonds? (?:issued|yield)|deposit insurance|against the|bond(?:s)?(?: index)?|"
        r"report\w*|complain\w*|beware|prohibit\w*|forbid\w*"
    ),
    "only_gain": (
        r"no matter how [a-z ]{1,30},? ?you(?:ll)? (?:win|gain|profit|earn)|only (?:go|goes|going|grow|grows|"
        r"growing|rise|rises|win|gain|gains|gets? better|up|move|moves|head|heads)(?: up| higher)?|"
        r"you(?:ll)? win|always (?:ends?|finish\w*|come\w*|up)|line only|upward|upwards|never looks? back|"
        r"wins? (?:either|both) way|dont lose|never (?:down|falls?|drops?)|it has to (?:make|pay|earn|win)|"
        r"has to make money"
    ),
    "reassure": (
        r"sure thing|no brainer|cant go wrong|cannot go wrong|sleep (?:easy|well|soundly|tight)|slept (?:well|"
        r"soundly|like)|peace of mind|rest easy|relax|worry free|carefree|hassle free|trust (?:me|us)|"
        r"bullet ?proof|rock solid|foolproof|surefire|no worries|dont worry|nothing to worry|without a care|"
        r"free of worries|easy money|effortless\w*|without lifting a finger|lifting a finger|doing nothing|"
        r"made easy|while you sleep|sit back|promise|word of honou?r|guaranteed|our name on|our reputation|"
        r"our word|count on|you can count|bank on|baked in|says it all|speaks for itself|do the math|"
        r"no empty talk|plain and simple"
    ),
    "untouched": r"mortgage|call|visit|app|service|password|card|security|code|letters?|complaint",
}
"""Each concept in its words, as regular expressions; the longer lists are the words of adverts, calls and dialects."""

FRAMES = (
    Frame("denial-of-loss", RISK, ("denier", "loss"), 42, ordered=True, unless=("turner",)),
    Frame("denial-of-loss", RISK, ("loss", "dismissed"), 40, unless=("turner",)),
    Frame("denial-of-loss", RISK, ("only_gain",), 60, nowhere=("adverse",)),
    Frame("capital-protection", RISK, ("principal", "keep"), 50, unless=("uncertain",)),
    Frame("capital-protection", RISK, ("gap", "payer", "cover"), 60, unless=("refusal",)),
    Frame("yield-figure", RISK, ("amount", "gaining"), 34, nowhere=("limits",)),
    Frame("guarantee", RISK, ("sure", "gain"), 34, nowhere=("adverse",)),
    Frame("guarantee", RISK, ("others", "happy"), 60, nowhere=("untouched",)),
    Frame("guarantee", RISK, ("reassure",), 60, nowhere=("untouched", "adverse")),
    Frame("deposit-comparison", WEALTH, ("deposit", "compare"), 50, unless=("apart",)),
    Frame("denial-of-loss", RISK, ("market", "unmoved"), 50, nowhere=("adverse",)),
    Frame("denial-of-loss", RISK, ("papers", "formality"), 50, nowhere=("untouched",)),
    Frame("urgency", ALL, ("crowd", "joins"), 50, nowhere=("untouched",)),
    Frame("urgency", ALL, ("missable",), 60, nowhere=("chores",)),
    Frame("capital-protection", RISK, ("surety", "secures", "principal"), 60, unless=("refusal", "norm")),
    Frame("capital-protection", RISK, ("surety", "secures", "gain"), 60, unless=("refusal", "norm")),
    Frame("gift", ALL, ("trigger", "give", "thing"), 70, unless=("plain",)),
    Frame("urgency", ALL, ("scarce", "act"), 40, nowhere=("chores",)),
    Frame("superlative", ALL, ("peers", "top"), 40, unless=("norm", "uncertain")),
    Frame("liquidity", RISK, ("takeout", "free"), 45, unless=("bounded",)),
    Frame("state-backing", RISK, ("state", "support"), 36, unless=("norm",)),
)  # fmt: skip

LEXICON = Lexicon(CONCEPTS, FRAMES, edge=" ")
