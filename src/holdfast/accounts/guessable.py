"""What is tried first by whoever guesses passwords. Case-folded; what is shorter than a password may be is left out."""

from typing import Final

RUNS: Final = (
    "01234567890",
    "abcdefghijklmnopqrstuvwxyz",
    "qwertyuiopasdfghjklzxcvbnm",
    "qwertzuiopasdfghjklyxcvbnm",
)
"""Rows of keys and signs; a piece of one, in either direction, is no password."""

COMMON: Final = frozenset(
    """
    00000000 01234567 0123456789 0987654321 10203040 1020304050 11111111 1111111111 11223344 1122334455 112233445566
    12121212 12312312 123123123 123123123a 12341234 1234512345 12345678 123456789 1234567890 12345678910 123456789a
    123456789q 12345678a 12345qwert 1234abcd 1234qwer 123654789 123698745 123abc123 123qwe123 123qweasd 131313131
    13579246 135792468 147258369 147852369 14789632 159357456 1a2b3c4d 1password 1q2w3e4r 1q2w3e4r5t 1q2w3e4r5t6y
    1qaz2wsx 1qaz2wsx3edc 1qazxsw2 21122112 22222222 23456789 2wsx3edc 31415926 314159265 33333333 44444444 54321012
    55555555 66666666 741852963 77777777 789456123 87654321 88888888 963852741 98765432 987654321 9876543210
    99999999 a1234567 a12345678 a123456789 a1b2c3d4 a1b2c3d4e5 aa123456 aa12345678 aaaaaaaa abc12345 abc123456
    abc123abc abcd1234 abcd12345 abcdefgh abcdefghi access14 admin123 admin1234 admin12345 adminadmin administrator
    airborne alexander amsterdam anderson apples123 arsenal1 asdasdasd asdf1234 asdfasdf asdfghjk asdfghjkl
    asdfghjkl123 azertyuiop babygirl babygirl1 bailey123 barcelona baseball baseball1 basketball batman123 benjamin
    bismillah blink182 bluebird bonjour1 bulldogs butterfly california caroline changeme changeme1 changeme123
    charlie1 charlotte chelsea1 chocolate chocolate1 christian christine cocacola colombia computer computer1
    corvette courtney cowboys1 creative danielle december default1 diamond1 dolphins dragon123 drowssap einstein
    elephant elizabeth estrella eternity everyday explorer f00tball facebook facebook1 falcon123 ferrari1 fireball
    firebird flower123 football football1 forever1 formula1 franklin freedom1 friends1 galaxy123 garfield gateway1
    genesis1 godzilla goldfish greenday hahahaha hardcore harley123 hello123 hello1234 hello_world hellohello
    helloworld holdfast holdfast1 holiday1 iloveyou iloveyou! iloveyou1 iloveyou12 iloveyou123 iloveyou2 infinity
    internet ironman1 isabella jacqueline january1 jasmine1 jennifer jessica1 jonathan jordan23 juventus kimberly
    kristina lakers24 lavender letmein1 letmein12 letmein123 liverpool liverpool1 lollipop london123 lovelove
    loverboy loveyou1 manchester marlboro marseille master123 matthew1 maverick megadeth mercedes metallica michael1
    michelle microsoft midnight minecraft minecraft1 mongoose monkey123 monster1 motorola mountain mustang1 myspace1
    naruto123 nascar24 newcastle newyork1 nicholas nintendo nirvana1 november october1 operator p@ssw0rd p@ssword
    pa55w0rd pa55word pakistan panthers paradise pass1234 pass12345 passpass passw0rd passw0rd1 password password!
    password. password0 password01 password1 password1! password10 password11 password12 password123 password1234
    password12345 password2 password21 password22 password3 password7 password9 password99 passwort passwort1
    patricia patrick1 peaches1 penguin1 philips1 phoenix1 platinum playboy1 playstation pokemon1 pokemon123 portugal
    precious predator princesa princess princess1 princess123 q1w2e3r4 q1w2e3r4t5 q1w2e3r4t5y6 qazwsx123 qazwsxedc
    qazwsxedcrfv qazxsw21 qq123456 qqqqqqqq qwaszx123 qweasdzxc qweqwe123 qweqweqwe qwer1234 qwerasdf qwerqwer
    qwert123 qwert12345 qwerty00 qwerty01 qwerty11 qwerty12 qwerty123 qwerty1234 qwerty12345 qwerty123456 qwerty22
    qwertyui qwertyuiop qwertyuiop1 qwertzui rangers1 realmadrid rebecca1 remember richard1 rockstar ronaldo7
    rosebud1 rush2112 samantha samsung1 samsung123 scarface scooter1 scorpion sebastian secret123 secret1234
    security september serenity service1 shadow12 shadow123 shannon1 silver123 slipknot snickers snowball softball
    solution southpark spiderman spiderman1 spitfire spongebob srinivas stargate startrek starwars starwars1
    steelers steelers1 stephanie stephen1 sterling strawberry summer01 summer123 summer2020 summer2021 summer2022
    summer2023 summer2024 sunflower sunshine sunshine1 superman superman1 supernova superstar swordfish tamagotchi
    teamwork tennis123 test1234 test12345 testing1 testing123 testtest thailand thuglife thunder1 tiffany1 tigger123
    tinkerbell tottenham trinity1 trustno1 tweety123 undertaker universe valentin vanessa1 veronica victoria
    victory1 volleyball w1lliams warcraft warriors welcome1 welcome12 welcome123 welcome1234 westside whatever
    whatever1 william1 winston1 winter123 winter2023 wolverine woodland wrestling wwwwwwww xxxxxxxx yamaha123
    yankees1 zaq12wsx zaq1xsw2 zaq1zaq1 zxcvbnm1 zxcvbnm123 zxcvbnm123456 zxczxczxc zzzzzzzz
    """.split()  # noqa: SIM905 - as a list it would be five hundred lines
)
